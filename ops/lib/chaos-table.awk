# Lines of .kugiri-chaos/results.tsv as a table: name, title, trials, failures, seconds, first seed,
# remark, commit. Lines of one name are added up. With `markdown=1` as Markdown, else aligned.
# The last column is the "rule of three": with no failure in n trials, the chance of one is below
# 3/n with 95 % confidence (Hanley, Lippman-Hand, JAMA 1983).

BEGIN { FS = "\t" }

{
    if (!($1 in trials)) { order[++count] = $1; title[$1] = $2 }
    trials[$1] += $3
    failures[$1] += $4
    seconds[$1] += $5
    seeds[$1] = seeds[$1] (seeds[$1] == "" ? "" : ", ") $6
    if ($7 != "") remarks[$1] = remarks[$1] (remarks[$1] == "" ? "" : "; ") $7
    if ($8 != "" && index(commits[$1], $8) == 0) commits[$1] = commits[$1] (commits[$1] == "" ? "" : ", ") $8
    failed += $4
}

function bound(n, f) {
    if (n == 0 || f > 0) return "-"
    return sprintf("%.3g %%", n < 3 ? 100 : 300 / n)
}

function row(a, b, c, d, e, f, g, h) {
    if (markdown) { printf "| `%s` | %s | %s | %s | %s | %s | %s | %s |\n", a, b, c, d, e, f, h, g; return }
    printf "%-20s %-62s %8s %8s %9s %7s  %s\n", a, b, c, d, e, f, g
}

END {
    if (markdown) {
        print "| kind | what is done | trials | failures | at most (95 %) | minutes | commit | first seed, remarks |"
        print "|---|---|---|---|---|---|---|---|"
    } else {
        row("kind", "what is done", "trials", "failures", "at most", "minutes", "first seed, remarks")
    }
    for (i = 1; i <= count; i++) {
        k = order[i]
        row(k, title[k], trials[k], failures[k], bound(trials[k], failures[k]),
            sprintf("%.1f", seconds[k] / 60), seeds[k] (remarks[k] == "" ? "" : "; " remarks[k]), commits[k])
    }
    exit failed > 0 ? 70 : 0
}
