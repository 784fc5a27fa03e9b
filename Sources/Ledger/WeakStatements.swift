// Statements without the predicate that a mutant takes away; only in the build of the mutation check.

#if MUTANTS
    import Mutants

    /// The statement as the chosen mutant leaves it.
    func weakened(_ bytes: [UInt8]) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        let (epoch, known) = ("epoch = $2::bigint", "$2::bigint IS NOT NULL")
        let ending = "pg_terminate_backend(a.pid)"
        let weak: [(mutant: Mutant, statement: [UInt8], part: String, rest: String)] = [
            (.epoch, PackageResources.claim_advance_sql, epoch, known),
            (.epoch, PackageResources.claim_hold_sql, epoch, known),
            (.epoch, PackageResources.claim_finish_sql, epoch, known),
            (.termination, PackageResources.claim_holders_sql, ending, "true"),
            (.term, PackageResources.run_fence_sql, "term = $2::bigint", known),
        ]
        for weak in weak where weak.mutant.isOn && weak.statement == bytes {
            text = weak.mutant.cut(weak.part, from: text, leaving: weak.rest)
        }
        return text
    }
#endif
