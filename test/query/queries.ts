/** Queries that were written by hand; `range` ones are asked as range queries too. */
const vectors = `
requests_total
requests_total{job="api"}
requests_total{job!="api",code=~"2.."}
requests_total{job=~"a.*|w",code!~"5.+"}
requests_total{job=~"api|web",instance=~"[ab]"}
requests_total{instance=""}
requests_total{missing=""}
requests_total{missing!=""}
requests_total{job=~".+",missing=~""}
{__name__=~"requests_total|memory_bytes",job="api"}
{__name__="requests_total",code="500"}
{job="web",instance=~"(?i)A|b"}
{__name__=~"limit.*"}
{__name__!~"req.*",job="api"}
requests_total offset 5m
requests_total offset -5m
requests_total offset 1m30s
memory_bytes @ 1772323500
memory_bytes @ 1772323500.5 offset 1m
memory_bytes @ start()
memory_bytes @ end() offset 2m
ended_total
ended_total offset 1m
sparse_total
once_total
limit_bytes
nosuch
texts
texts{text="日本語"}
texts{other="a\\nb\\"c\\\\"}
texts{other='a\\nb"c\\\\'}
texts{text=~"日.語"}
texts{text=~\`plain\\-text\\.v\\d\`}
texts{text=~"^plain.*$"}
texts{text=~"\\\\w+-\\\\w+[.]v[[:digit:]]"}
texts{other=~"a.b.*"}
texts{other=~"(?s)a.b.*"}
odd
mixed
kinds
moments
-requests_total
+requests_total
-(-memory_bytes)
- -memory_bytes
rate(requests_total[5m])
rate(requests_total[1m])
rate(requests_total[40s])
rate(requests_total[15s])
rate(requests_total[20m] offset 3m)
rate(requests_total{code="500"}[2m] @ 1772323500)
rate(memory_bytes[5m] @ end() offset 1m)
increase(requests_total[7m])
increase(sparse_total[10m])
increase(flat_total[3m])
increase(once_total[5m])
increase(ended_total[5m])
increase(mixed[3m])
delta(memory_bytes[5m])
delta(mixed[5m])
delta(ended_total[10m])
idelta(memory_bytes[5m])
irate(requests_total[5m])
irate(ended_total[2m])
deriv(memory_bytes[5m])
deriv(flat_total[5m])
deriv(mixed{kind="infinite"}[3m])
deriv(mixed[5m])
predict_linear(memory_bytes[5m], 600)
predict_linear(memory_bytes[5m] offset 2m, -60)
predict_linear(memory_bytes[5m] @ 1772323500, 60)
holt_winters(memory_bytes[5m], 0.3, 0.7)
holt_winters(requests_total[1m], 0.9, 0.1)
holt_winters(once_total[1m], 0.9, 0.1)
changes(requests_total[5m])
changes(mixed[5m])
resets(requests_total[30m])
resets(mixed[10m])
avg_over_time(memory_bytes[3m])
avg_over_time(mixed[5m])
avg_over_time(odd[5m])
avg_over_time(large[5m])
sum_over_time(memory_bytes[3m])
sum_over_time(mixed[3m])
sum_over_time(odd[5m])
sum_over_time(large[5m])
min_over_time(memory_bytes[3m])
min_over_time(mixed[3m])
max_over_time(memory_bytes[3m])
max_over_time(mixed[3m])
count_over_time(requests_total[5m])
count_over_time(ended_total[20m])
count_over_time(requests_total[1m] offset 30s)
quantile_over_time(0.9, memory_bytes[5m])
quantile_over_time(0.3, mixed[5m])
quantile_over_time(-1, memory_bytes[5m])
quantile_over_time(2, memory_bytes[5m])
quantile_over_time(NaN, memory_bytes[5m])
quantile_over_time(scalar(limit_bytes{job="api"}) / 8192, memory_bytes[5m])
stddev_over_time(memory_bytes[5m])
stdvar_over_time(memory_bytes[5m])
stdvar_over_time(mixed[5m])
last_over_time(ended_total[10m])
last_over_time(requests_total[1m])
present_over_time(ended_total[1m])
absent_over_time(ended_total[1m])
absent_over_time(ended_total{job="api",x="y"}[1m])
absent_over_time(nosuch{job="api",code=~"5.."}[5m])
absent_over_time((nosuch{job="api"}[5m]))
absent(nosuch)
absent(nosuch{job="api"})
absent((nosuch{job="api"}))
absent(nosuch{job="api",job="web",code="1"})
absent(nosuch{job="api",instance!="x"})
absent(ended_total{job="api"})
absent(sum(nosuch{job="api"}))
absent(nosuch{job="api"} offset 5m)
absent(nosuch{job="api"} @ 1772323500)
abs(-memory_bytes)
abs(odd)
ceil(kinds)
ceil(odd)
floor(kinds)
floor(odd)
exp(odd)
exp(kinds)
sqrt(odd)
ln(odd)
log2(odd)
log10(odd)
log10(kinds)
round(kinds)
round(kinds, 0.1)
round(memory_bytes, 50)
round(odd, 0)
round(odd)
round(-kinds)
sgn(odd)
clamp(kinds, 0, 2)
clamp(odd, -1, 1)
clamp(odd, 1, -1)
clamp(odd, NaN, 1)
clamp_min(odd, 1)
clamp_min(odd, NaN)
clamp_max(odd, 1)
clamp_max(odd, NaN)
clamp_max(memory_bytes, scalar(limit_bytes{job="api"}) / 4)
sin(odd)
cos(kinds)
tan(kinds)
asin(kinds)
acos(kinds)
atan(odd)
sinh(kinds)
cosh(kinds)
tanh(odd)
asinh(odd)
acosh(odd)
atanh(odd)
deg(odd)
rad(odd)
vector(pi())
vector(1)
vector(time())
vector(scalar(requests_total))
vector(scalar(limit_bytes{job="api"}))
timestamp(memory_bytes)
timestamp(memory_bytes offset 1m)
timestamp(memory_bytes @ 1772323500)
timestamp(memory_bytes + 0)
timestamp((memory_bytes))
timestamp(vector(1))
timestamp(timestamp(ended_total))
timestamp(memory_bytes @ 1772321600 offset 5m)
day_of_month(moments)
day_of_week(moments)
day_of_year(moments)
days_in_month(moments)
hour(moments)
minute(moments)
month(moments)
year(moments)
day_of_month()
day_of_week()
day_of_year()
days_in_month()
hour()
minute()
month()
year()
minute(vector(1136239445))
minute(vector(NaN))
histogram_quantile(0.9, rate(seconds_bucket[5m]))
histogram_quantile(0.5, seconds_bucket)
histogram_quantile(0.99, sum by (le) (rate(seconds_bucket[5m])))
histogram_quantile(0, seconds_bucket)
histogram_quantile(1, seconds_bucket)
histogram_quantile(-1, seconds_bucket)
histogram_quantile(1.1, seconds_bucket)
histogram_quantile(NaN, seconds_bucket)
histogram_quantile(0.3, below_bucket)
histogram_quantile(0.5, open_bucket)
histogram_quantile(0.5, twice_bucket)
histogram_quantile(0, twice_bucket)
histogram_quantile(0.5, nothing_bucket)
histogram_quantile(0.5, memory_bytes)
histogram_quantile(scalar(limit_bytes{job="api"}) / 5000, seconds_bucket)
label_replace(requests_total, "host", "$1.example", "instance", "(.*)")
label_replace(requests_total, "host", "\${1}x$2$$", "instance", "([a-b])")
label_replace(requests_total, "host", "$letter-\${letter}", "instance", "(?P<letter>a|c)")
label_replace(requests_total, "job", "", "instance", "a")
label_replace(requests_total, "__name__", "renamed", "", "")
label_replace(requests_total, "x", "y", "missing", "")
label_replace(requests_total, "x", "y", "job", "ap")
label_replace(texts, "x", "$1", "text", "(.).*")
label_join(requests_total, "all", "-", "job", "instance", "missing", "code")
label_join(requests_total, "job", "")
label_join(requests_total, "all", ",")
label_join(requests_total, "__name__", "_", "job", "code")
sum(requests_total)
sum by (job) (requests_total)
sum by (job, instance) (rate(requests_total[5m]))
sum without (instance) (requests_total)
sum without () (requests_total)
sum by () (requests_total)
sum by (nosuch) (requests_total)
sum(requests_total) by (job,)
sum by (__name__) ({job="api",instance="a"})
sum(odd)
sum(nosuch)
avg(requests_total)
avg by (code) (requests_total)
avg(odd)
avg(odd{n=~"[0-2]"})
avg(odd{n=~"[1345]"})
avg(odd{n=~"[12]"})
min(odd)
max(odd)
min by (job) (memory_bytes)
max without (job) (memory_bytes)
count(requests_total)
count by (job) (requests_total)
count by (text) (texts)
group(requests_total)
group by (job) (requests_total)
stddev(memory_bytes)
stddev by (job) (memory_bytes)
stdvar(memory_bytes)
stdvar(odd)
stdvar(odd{n="1"})
quantile(0.5, memory_bytes)
quantile by (job) (0.25, memory_bytes)
quantile(0.5, odd)
quantile(-1, memory_bytes)
quantile(1.5, memory_bytes)
quantile(NaN, memory_bytes)
topk(3, memory_bytes)
topk by (job) (1, memory_bytes)
topk(1, odd)
topk(3, odd{n=~"[0189]"})
topk(100, memory_bytes)
topk(0, memory_bytes)
topk(-1, memory_bytes)
topk(2.9, memory_bytes)
bottomk(2, memory_bytes)
bottomk without (instance) (1, memory_bytes)
bottomk(3, odd{n=~"[0189]"})
topk(scalar(limit_bytes{job="api"}) / 2048, memory_bytes)
count_values("value", kinds)
count_values by (half) ("value", kinds)
count_values without (n) ("value", kinds)
count_values("n", kinds)
count_values by (job, le, n) ("job", seconds_bucket)
count_values without (value) ("value", kinds)
count_values("value", odd)
count_values("__name__", kinds)
sum(count_values("x", requests_total))
requests_total + 1
1 - requests_total
requests_total * 2 / 3 % 5
requests_total ^ 2
2 ^ kinds
-kinds ^ 2
odd % 2
odd ^ odd
odd / 0
kinds atan2 2
odd atan2 odd
requests_total > 50
50 < requests_total
requests_total > bool 50
requests_total == requests_total
odd == odd
odd != odd
odd > bool odd
odd >= 1
odd <= 1
1 >= bool odd
memory_bytes + memory_bytes
memory_bytes / on (job) group_left limit_bytes
memory_bytes / on (job) group_left () limit_bytes
limit_bytes * on (job) group_right memory_bytes
limit_bytes - on (job) group_right memory_bytes
memory_bytes * on (job) group_left (version, zone) info
info * on (job) group_right (version) memory_bytes
memory_bytes > on (job) group_left (version) (info * 1000)
memory_bytes > bool on (job) group_left (version) (info * 1000)
limit_bytes < on (job) group_right memory_bytes
sum by (job) (requests_total) / on (job) limit_bytes
sum by (job) (requests_total) / ignoring () limit_bytes
sum by (job, code) (requests_total) / ignoring (code) group_left sum by (job) (requests_total)
requests_total{code="200"} / ignoring (code) requests_total{code="500"}
requests_total{code="200"} > ignoring (code) requests_total{code="500"}
requests_total{code="200"} - on (job, instance) requests_total{code="500"}
requests_total{code="200"} == bool on (job, instance) requests_total{code="500"}
memory_bytes * on (instance, job) requests_total{code="200"}
memory_bytes and requests_total
memory_bytes and on (job) limit_bytes
memory_bytes unless on (job) limit_bytes
memory_bytes and ignoring (code) requests_total{code="500"}
memory_bytes or on (job) requests_total
requests_total or memory_bytes
requests_total{job="api"} or requests_total{job="web"}
limit_bytes or on () vector(1)
requests_total and on () vector(1)
requests_total unless on () vector(1)
nosuch or vector(0)
(requests_total > 100) or (requests_total < 20)
memory_bytes unless (memory_bytes > 1500)
memory_bytes and nosuch
memory_bytes unless nosuch
sum(requests_total) or memory_bytes and on (job) limit_bytes{job="api"}
ended_total or on (job) limit_bytes
sort(kinds)
sort_desc(kinds)
sort(odd)
sum_over_time(memory_bytes[5m:1m])
sum_over_time(memory_bytes[5m:])
sum_over_time(memory_bytes[5m:37s])
avg_over_time(rate(requests_total[1m])[5m:30s])
max_over_time(sum by (job) (requests_total)[10m:1m] offset 2m)
min_over_time((memory_bytes > 1400)[10m:45s])
count_over_time(memory_bytes[5m:1m] @ 1772323500)
sum_over_time((memory_bytes @ 1772323500)[5m:1m])
sum_over_time((memory_bytes @ end())[5m:1m])
rate(sum(requests_total)[5m:15s])
increase(ended_total[10m:10s])
last_over_time(ended_total[1m:1s])
absent_over_time(ended_total[1m:10s])
absent_over_time(nosuch{job="api"}[1m:10s])
max_over_time(avg_over_time(memory_bytes[2m:20s])[5m:1m])
max_over_time(deriv(memory_bytes[2m])[5m:1m] @ end() offset 1m)
sum_over_time(vector(1)[5m:1m])
quantile_over_time(0.5, (time() - memory_bytes)[3m:20s])
stddev_over_time(timestamp(memory_bytes)[3m:20s])
sum(sum_over_time(memory_bytes[5m:1m])) by (job)
requests_total # a comment
sum without (job, instance) ( # on
  requests_total
)
a or b or requests_total
memory_bytes + memory_bytes offset 1m
memory_bytes - memory_bytes offset 1m * 2
memory_bytes / memory_bytes offset 1m + memory_bytes @ 1772323500 ^ 2
-memory_bytes offset 1m
-memory_bytes @ 1772323500 ^ 2
2 * memory_bytes offset 1m ^ 2 ^ 0.5
memory_bytes > 1000 and memory_bytes < 2000 or limit_bytes
sum(rate(requests_total{code="500"}[5m])) by (job) / sum(rate(requests_total[5m])) by (job) > 0.1
SUM BY (job) (requests_total)
memory_bytes AND requests_total OR limit_bytes
count(count by (job) (requests_total))
avg(rate(seconds_sum[5m]) / rate(seconds_count[5m]))
rate({job="api",instance="a"}[5m])
-{job="api",code!=""}
`;

const scalars = `
1
-1
1 + 2 * 3
2 ^ 3 ^ 2
-2 ^ 2
(1 - 2) - 3
1 - 2 - 3
0x1F
017
089
1e3
.5
Inf
-inf
NaN
+Inf
5 % -3
-5 % 3
5 % 0
1 / 0
0 / 0
1 == bool 1
1 > bool NaN
1 != bool 2
3 atan2 4
time()
time() - 1
pi()
scalar(limit_bytes{job="api"})
scalar(requests_total)
scalar(nosuch)
-scalar(limit_bytes{job="api"})
1 ^ NaN
-1 ^ Inf
(-1) ^ Inf
NaN ^ 0
2 ^ -Inf
0 ^ -1
`;

/** Not as range queries. */
const others = `
requests_total[5m]
requests_total{job="api"}[1m] offset 30s
ended_total[30m]
odd[1m] @ 1772323500
memory_bytes[3m:30s]
memory_bytes[3m:]
rate(requests_total[1m])[3m:30s]
(memory_bytes[1m])
nosuch[5m]
"text"
'it\\'s'
\`raw\\n\`
"\\u00e9\\x41\\101\\t\\U0001F600"
("text")
`;

/** What Prometheus refuses. */
const wrong = `
requests_total{
requests_total{job=}
requests_total{job="api"
requests_total{job="api}
requests_total{job=~"("}
requests_total{job=~"(?=a)b"}
requests_total{job=~"a**"}
requests_total{}{}
requests_total{__name__="x"}
{}
{job=""}
{job=~".*"}
{job!="x"}
sum(
sum(requests_total, 1)
sum()
topk(requests_total)
topk("1", requests_total)
topk(NaN, requests_total)
topk(Inf, requests_total)
count_values(1, requests_total)
count_values("a-b", requests_total)
quantile(requests_total, 1)
rate(requests_total)
rate(requests_total[5m], 1)
rate()
rate(requests_total[0s])
rate(requests_total[5x])
rate(requests_total[5m1h])
rate(requests_total[])
rate((requests_total + 1)[5m])
rate(sum(requests_total)[5m])
rate(requests_total offset 1m [5m])
requests_total[5m][5m]
requests_total[5m] + 1
requests_total + "text"
"a" + "b"
-"text"
-requests_total[5m]
1 and 2
1 or requests_total
requests_total and 1
1 > 2
requests_total > bool
requests_total + bool requests_total
1 + on (job) 2
requests_total + on (job) 1
requests_total + on (job) group_left (job) requests_total
requests_total and on (job) group_left requests_total
requests_total offset 5m offset 5m
requests_total @ 1 @ 2
requests_total offset
requests_total offset 5
requests_total offset 0s
requests_total[300y]
requests_total @ NaN
requests_total @ Inf
requests_total @ x
requests_total @ start
(requests_total) offset 5m
(requests_total)[5m]
sum(requests_total) offset 5m
1 offset 5m
abs(1)
abs()
abs(requests_total, requests_total)
clamp(requests_total, 1)
round(requests_total, 1, 2)
scalar(1)
vector(requests_total)
vector("1")
time(1)
label_replace(requests_total, "a", "b", "c")
label_replace(requests_total, "a-b", "b", "job", ".*")
label_replace(requests_total, "a", "b", "job", "(")
label_replace(requests_total, 1, "b", "job", ".*")
label_replace(requests_total, "instance", "same", "job", ".*")
label_join(requests_total, "a-b", "", "job")
label_join(requests_total, "a", "", "j-b")
label_join(requests_total, "instance", "", "job")
label_join(requests_total)
holt_winters(memory_bytes[5m], 0, 0.5)
holt_winters(memory_bytes[5m], 0.5, 1)
histogram_quantile(seconds_bucket, 0.5)
nosuchfunction(requests_total)
limitk(1, requests_total)
mad_over_time(requests_total[5m])
sort_by_label(requests_total, "job")
double_exponential_smoothing(requests_total[5m], 0.5, 0.5)
info(requests_total)
5m
1_000
requests_total[300]
{"requests_total"}
{"job"="api"}
sum by ("job") (requests_total)
requests_total requests_total
requests_total +
* requests_total
(requests_total
requests_total)
requests_total{job="a\\qb"}
"unterminated
'a' 'b'
memory_bytes + on (job) memory_bytes
memory_bytes + ignoring (instance) limit_bytes
limit_bytes + ignoring (instance) memory_bytes
memory_bytes * on (job) group_left (instance) requests_total
memory_bytes * on (instance) group_left (job) info
memory_bytes < on (job) limit_bytes
-{job="api"}
abs({job="api"})
rate({job="api"}[5m])
sum_over_time({job="api"}[5m])
{job="api"} + 1
by (job) (requests_total)
sum by job (requests_total)
sum by (job-x) (requests_total)
a.b
1a
`;

function lines(text: string): string[] {
  return text.split(/\n(?![ )])/).filter((line) => line.trim() !== '');
}

export const VECTORS = lines(vectors);
export const SCALARS = lines(scalars);
export const OTHERS = lines(others);
export const WRONG = lines(wrong);
