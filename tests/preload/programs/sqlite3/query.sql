.mode list
select count(*), sum(length(body)), min(word), max(word) from item;
select word, count(*) as n from item group by word order by n desc, word limit 10;
select o.id, o.total, length(o.words), sum(i.id)
    from owner o join item i on i.owner = o.id group by o.id order by 4 desc limit 10;
select id, sum(length(body)) over (partition by owner order by id) as running
    from item order by running desc, id limit 10;
with recursive chain (id, depth) as (
    select 1, 0 union all
    select (id * 17 + 11) % 100003, depth + 1 from chain where depth < 30000)
    select count(distinct id), max(id) from chain;
select a.word, count(*) from item a join item b on a.owner = b.owner and a.id < b.id
    group by a.word order by 2 desc, 1 limit 5;
select rowid, snippet(texts, 0, '[', ']', '..', 5) from texts
    where texts match 'word1* NOT word10' order by rowid limit 5;
select json_extract(json_group_array(json_object('id', id, 'word', word)), '$[500].word')
    from item where id < 5000;
select count(*) from item where body like '%ttt%word1%' or word glob 'word[3-5]*';
explain query plan select * from item where word = 'word5' and length(body) > 20;
