// What the mutation check can take away is not in the product, and every mutant has its test.

import FoundationEssentials
import Testing

extension FleetTests {
    @Suite struct MutantTests {
        @Test(arguments: ["KUGIRI_MUTANT_CHOSEN", "KUGIRI_FAILPOINT"])
        func `the binary knows no mutant, but failpoints`(name: String) throws {
            let found = try Binary.shell(
                "grep -q '\(name)' \"$0\"", Binary.path, environment: [:],
                scratch: FleetServer.folder)
            #if MUTANTS
                #expect(found.code == 0)
            #else
                #expect(found.code == (name == "KUGIRI_MUTANT_CHOSEN" ? 1 : 0))
            #endif
        }

        @Test func `every mutant has a test, and the test is there`() throws {
            let mutants = try Repository.text(of: "Sources/Mutants/Mutant.swift")
                .split(separator: "\n").map { $0.split(separator: " ") }
                .filter { $0.first == "case" }
                .compactMap { $0.last?.replacing("\"", with: "") }
            let pairs = try Repository.text(of: "ops/lib/mutants.sh").split(separator: "\n")
                .filter { $0.hasPrefix("    \"") && $0.contains("|") }
                .map { $0.dropFirst(5).dropLast().split(separator: "|") }
            #expect(mutants.count == 7)
            #expect(mutants == pairs.map { $0[0] })
            var tests = ""
            for module in ["LedgerTests", "MessagingTests", "FleetTests"] {
                let folder = Repository.file("Tests/\(module)")
                for file in try FileManager.default.contentsOfDirectory(atPath: folder)
                where file.hasSuffix(".swift") {
                    tests += try Repository.text(of: "Tests/\(module)/\(file)")
                }
            }
            for pair in pairs { #expect(tests.contains("func `\(pair[1])`(")) }
        }
    }
}
