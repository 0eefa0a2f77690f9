create table made as
    select i as id, i * 7919 % 5003 as owner, repeat('t', i % 80) as body, i / 7.0 as value
    from generate_series(1, 150000) as i;
create index made_owner on made (owner, id);
create index made_body on made using gin (to_tsvector('simple', 'word' || owner));
analyze made;
-- Parallel scans, joins and aggregates.
select count(*), sum(length(body)), max(value) from made;
select owner, count(*), sum(value)::numeric(12, 2) from made group by owner order by 3 desc, 1 limit 5;
select count(*) from made a join made b on a.owner = b.owner and a.id + 5003 = b.id;
select md5(string_agg(body, ',' order by id)) from made where id % 10 = 0;
select count(*) from made where to_tsvector('simple', 'word' || owner) @@ to_tsquery('word77 | word78');
-- Sorts and hashes that spill, windows, recursion, documents, functions.
select id, rank() over (partition by owner % 10 order by value desc) from made order by 2 desc, 1 limit 3;
with recursive chain (n, depth) as (
    select 1, 0 union all select (n * 17 + 11) % 100003, depth + 1 from chain where depth < 20000)
    select count(distinct n) from chain;
select md5(jsonb_agg(jsonb_build_object('id', id, 'body', body) order by id)::text)
    from made where id <= 20000;
select sum(length(regexp_replace(body, 't{3}', 'x', 'g'))) from made where id % 3 = 0;
do $$
declare
    texts text[] := '{}';
begin
    for i in 1 .. 3000 loop
        texts := texts || repeat('a', i % 30);
    end loop;
    if array_length(texts, 1) <> 3000 then
        raise exception 'array of % elements', array_length(texts, 1);
    end if;
    for i in 1 .. 300 loop
        begin
            execute format('create temporary table t%s (a int)', i % 5);
        exception when duplicate_table then
            execute format('drop table t%s', i % 5);
        end;
    end loop;
end $$;
update made set body = body || 'u' where id % 5 = 0;
delete from made where id % 9 = 0;
vacuum (parallel 2) made;
reindex table made;
cluster made using made_owner;
select count(*), md5(string_agg(id::text, ',' order by id)) from made;
