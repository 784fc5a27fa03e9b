# The mutation check of ops/chaos: a proof that cannot fail is a defect. Sourced, not run; needs
# prepare.sh.

# Kept apart: in this build alone the condition MUTANTS is set, and KUGIRI_MUTANT_CHOSEN takes a guard away.
mutants_build=(--scratch-path .build/mutants -Xswiftc -DMUTANTS)

# Every mutant of Sources/Mutants, and the test that must notice it.
mutants=(
    "epoch|raising the epoch fences the holder"
    "copy_count|a COPY that took fewer rows than were sent is a bug, and nothing is committed"
    "termination|taking a claim away ends its holder's session, and no other"
    "zap|without a handler no key comes in, not even one of the list"
    "term|a newer term fences the older one"
    "xmin|an online change that leaves the lock column alone is seen all the same"
    "lock_column|a row version that came round again is told apart by the lock column"
)

# How one test ends under the environment that the words before it give: green; red, because what it
# expects did not hold; or neither: the server did not start, the test is not there, a crash.
color() {
    local test="$1" log="$2" code=0
    shift 2
    env "$@" swift test --skip-build --disable-xctest --no-parallel "${mutants_build[@]}" \
        --filter "$test" >"$log" 2>&1 || code="$?"
    if [ "$code" = 0 ] && grep -F "Test \"$test\"" "$log" | grep -q ' passed after '; then
        echo green
    elif grep -F "Test \"$test\" recorded an issue" "$log" | grep -q 'Expectation failed'; then
        echo red
    else
        echo neither
    fi
}

# Checks the mutants that are named, all for none; 70 when one is not caught.
check_mutants() {
    local entry mutant test without with row logs code=0 known=()
    for entry in "${mutants[@]}"; do known+=("${entry%%|*}"); done
    for mutant in "$@"; do
        case " ${known[*]} " in *" $mutant "*) continue ;; esac
        say "there is no mutant $mutant; there are: ${known[*]}"
        return 64
    done

    step "build with mutants (many minutes the first time)"
    swift build --build-tests "${mutants_build[@]}" >&2 || give_up "the build failed"
    logs=.build/mutants/logs
    mkdir -p "$logs"

    step "each test with its guard, and without"
    row='%-11s | %-80s | %-7s | %s\n'
    # shellcheck disable=SC2059
    printf "$row" mutant test without with
    for entry in "${mutants[@]}"; do
        mutant="${entry%%|*}" test="${entry#*|}"
        if [ "$#" != 0 ]; then case " $* " in *" $mutant "*) ;; *) continue ;; esac fi
        without="$(color "$test" "$logs/$mutant.without" -u KUGIRI_MUTANT_CHOSEN)"
        with="$(color "$test" "$logs/$mutant.with" KUGIRI_MUTANT_CHOSEN="$mutant")"
        # shellcheck disable=SC2059
        printf "$row" "$mutant" "$test" "$without" "$with"
        if [ "$without $with" != "green red" ]; then
            say "$mutant is not caught: look at $logs/$mutant.without and $logs/$mutant.with"
            code=70
        fi
    done
    return "$code"
}
