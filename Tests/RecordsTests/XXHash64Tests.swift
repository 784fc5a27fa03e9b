// XXH64 against known answers, and the streaming form against the other.

import Records
import Testing

@Suite struct XXHash64Tests {
    /// The buffer of the reference implementation's own sanity check.
    static let sanity: [UInt8] = {
        var generator: UInt64 = 2_654_435_761
        return (0..<222).map { _ in
            let byte = UInt8(truncatingIfNeeded: generator >> 56)
            generator &*= 11_400_714_785_074_694_797
            return byte
        }
    }()

    @Test(arguments: [
        ("", UInt64(0xEF46_DB37_51D8_E999)), ("a", 0xD24E_C4F1_A98C_6E5B),
        ("abc", 0x44BC_2CF5_AD77_0999),
    ])
    func `short texts have their known hashes`(_ text: String, _ hash: UInt64) {
        #expect(XXHash64.of(Array(text.utf8)) == hash)
    }

    @Test(arguments: [
        (1, UInt64(0), UInt64(0xE934_A84A_DB05_2768)),
        (1, 2_654_435_761, 0x5014_6076_43A9_B4C3), (4, 0, 0x9136_A0DC_A574_57EE),
        (14, 0, 0x8282_DCC4_994E_35C8), (14, 2_654_435_761, 0xC3BD_6BF6_3DEB_6DF0),
        (222, 0, 0xB641_AE8C_B691_C174), (222, 2_654_435_761, 0x20CB_8AB7_AE10_C14A),
    ])
    func `the reference's sanity buffer has its known hashes`(
        _ count: Int, _ seed: UInt64, _ hash: UInt64
    ) {
        #expect(XXHash64.of(Array(Self.sanity.prefix(count)), seed: seed) == hash)
    }

    @Test func `pieces of any length give the hash of the whole`() {
        var random = Seeded(state: 64)
        for _ in 0..<200 {
            let bytes = Array(Self.sanity.prefix(Int.random(in: 0...222, using: &random)))
            var stream = XXHash64(seed: 5)
            var at = 0
            while at < bytes.count {
                let next = min(bytes.count, at + Int.random(in: 0...70, using: &random))
                stream.update(Array(bytes[at..<next]).span)
                at = next
            }
            #expect(stream.finish() == XXHash64.of(bytes, seed: 5))
        }
    }
}
