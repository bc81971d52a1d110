# history.awk -- a right register history, for `georep verify`: EDN as Jepsen writes it, or JSON lines.
#
#     awk -v N=5000000 -v K=10000 -v P=50 -f bench/history.awk > right.edn      (-v J=1: JSON lines; -v BAD=1: one stale read;
#                                                                                -v C=1: counters, by ones)
#
# N operations on K keys by P processes, up to all of them open at once: each begins, takes effect, and ends at a turn of
# its process. The same numbers give the same bytes.
function nothing() { return J ? "null" : "nil" }
function put(type, p, value) {
    if (J)
        printf "{\"process\":%d,\"type\":\"%s\",\"f\":\"%s\",\"key\":%d,\"value\":%s,\"time\":%d}\n", p, type, f[p], key[p], value, time += 1000
    else
        printf "{:type :%s, :f :%s, :value [%d %s], :process %d, :time %d, :index %d}\n", type, f[p], key[p], value, p, time += 1000, index_of++
}
BEGIN {
    srand(7)
    while (ended < N) {
        p = int(rand() * P)
        if (!at[p]) {
            key[p] = int(rand() * K)
            f[p] = rand() < 0.3 ? (C ? "increment" : "write") : "read"
            value[p] = f[p] == "read" ? nothing() : C ? 1 : ++written
            put("invoke", p, value[p])
            at[p] = 1
        } else if (at[p] == 1) {
            if (f[p] != "read")
                now[key[p]] = C ? now[key[p]] + 1 : value[p]
            else
                value[p] = key[p] in now ? now[key[p]] : C ? 0 : nothing()
            if (f[p] != "read" && !(key[p] in first))
                first[key[p]] = value[p]
            at[p] = 2
        } else {
            stale = BAD && !done && ended > N * 0.7 && f[p] == "read" && value[p] != first[key[p]]
            if (stale)
                value[p] = first[key[p]]
            done = done || stale
            put("ok", p, value[p])
            at[p] = 0
            ended++
        }
    }
}
