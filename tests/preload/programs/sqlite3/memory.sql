create table blob (id integer primary key, data blob);
with recursive n (i) as (select 1 union all select i + 1 from n where i < 400)
    insert into blob select i, zeroblob(i * 997) from n;
update blob set data = zeroblob(length(data) / 2) where id % 2 = 0;
select count(*), sum(length(data)), length(group_concat(hex(substr(data, 1, 50)))) from blob;
create table t (a, b, c);
with recursive n (i) as (select 1 union all select i + 1 from n where i < 40000)
    insert into t select i, i % 77, printf('%08d', i * 7919 % 40009) from n;
create index t_c on t (c);
select b, count(*), max(c) from t group by b order by 2, 3 limit 5;
drop table blob;
select sum(a) from t where c in (select c from t where b = 5);
