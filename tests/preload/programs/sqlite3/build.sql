pragma journal_mode = wal;
create table item (id integer primary key, owner integer, word text, body text);
.mode csv
.import ../../input/rows.csv item
create index item_owner on item (owner, word);
create index item_word on item (word) where length(body) > 20;
create table owner (id integer primary key, total integer, words text);
insert into owner
    select owner, count(*), group_concat(distinct word) from (select * from item order by id)
    group by owner;
begin;
update item set body = body || word where id % 7 = 0;
delete from item where id % 11 = 0;
savepoint inner;
update item set owner = owner + 1;
rollback to inner;
commit;
create virtual table texts using fts5 (word, body);
insert into texts select word, body from item where id < 20000;
analyze;
vacuum;
pragma integrity_check;
pragma journal_mode = delete;
