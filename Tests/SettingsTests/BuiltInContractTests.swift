// The contract that ships with the program: sound, and the same as the value the sample tests use.

import Records
import Settings
import Testing

@Suite struct BuiltInContractTests {
    private func built() throws -> Contract {
        try Contracts.find("zengin-91-result", directory: nil)
    }

    @Test func `every built-in contract is sound`() throws {
        #expect(
            Contracts.builtIn == ["bank-branches", "zengin-91-result", "zengin-91-result-csv"])
        for name in Contracts.builtIn {
            #expect(try Contracts.find(name, directory: nil).faults == [], "\(name)")
        }
    }

    @Test func `the built-in contract of results is the Swift copy, but for its samples`() throws {
        let yaml = try built()
        let swift = SampleContract.result()
        #expect(yaml.name == swift.name)
        #expect(yaml.recordBytes == swift.recordBytes)
        #expect(yaml.framings == swift.framings)
        #expect(yaml.endMark == swift.endMark)
        #expect(yaml.characters == swift.characters)
        #expect(yaml.partitionKey == swift.partitionKey)
        #expect(yaml.uniqueKey == swift.uniqueKey)
        #expect(
            yaml.controlTotals.sorted { $0.name < $1.name }
                == swift.controlTotals.sorted { $0.name < $1.name })
        #expect(
            yaml.identity.sorted { $0.field < $1.field }
                == swift.identity.sorted { $0.field < $1.field })
        #expect(yaml.recordTypes.count == swift.recordTypes.count)
        for copy in swift.recordTypes {
            let type = try #require(yaml.recordType(copy.role))
            #expect(type.marker == copy.marker)
            #expect(type.after == copy.after)
            #expect(type.first == copy.first)
            // The copy leaves the end record's filler out, and marks less as personal.
            let names = copy.fields.map(\.name)
            let fields = type.fields.filter { names.contains($0.name) }
            #expect(fields.map(bare) == copy.fields.map(bare))
            #expect(Set(type.fields.map(\.name)).subtracting(names).isSubset(of: ["filler"]))
            for (field, other) in zip(fields, copy.fields) where other.personal {
                #expect(field.personal, "\(field.name)")
            }
        }
    }

    @Test func `every byte of every record belongs to exactly one field`() throws {
        let contract = try built()
        for type in contract.recordTypes {
            let taken = type.fields.flatMap { Array($0.at..<($0.at + $0.bytes)) }
            #expect(taken.sorted() == Array(1...contract.recordBytes), "\(type.role)")
        }
    }

    @Test func `the file beside the settings is the one built in`() throws {
        let here = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        #expect(try Contracts.find("zengin-91-result", directory: "/\(here)") == built())
    }

    private func bare(_ field: Field) -> Field {
        var bare = field
        bare.sample = nil
        bare.personal = false
        return bare
    }
}
