// What the mutation check can take away is not in the product.

import Testing

extension FleetTests {
    @Suite struct MutantTests {
        @Test(arguments: ["KUGIRI_MUTANT", "KUGIRI_FAILPOINT"])
        func `the binary knows no mutant, but failpoints`(name: String) throws {
            let found = try Binary.shell(
                "grep -q '\(name)' \"$0\"", Binary.path, environment: [:],
                scratch: FleetServer.folder)
            #if MUTANTS
                #expect(found.code == 0)
            #else
                #expect(found.code == (name == "KUGIRI_MUTANT" ? 1 : 0))
            #endif
        }
    }
}
