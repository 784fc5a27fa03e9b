// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every Swift target: warnings are errors, every pointer use says `unsafe`.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A module of the product.
///
/// Arrows go only downwards in this file.
func module(
    _ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: strict)
}

/// The tests of a module.
func tests(
    _ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []
) -> Target {
    .testTarget(
        name: "\(name)Tests", dependencies: [.target(name: name)] + dependencies,
        exclude: exclude, swiftSettings: strict)
}

let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let arguments: Target.Dependency = .product(
    name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "kugiri",
    products: [
        .executable(name: "kugiri", targets: ["kugiri"]),
        .executable(name: "kugiri-bench", targets: ["Bench"]),
        .executable(name: "kugiri-simulate", targets: ["Simulate"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        .systemLibrary(name: "CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CZeroMQ", pkgConfig: "libzmq", providers: [.apt(["libzmq3-dev"])]),
        .systemLibrary(name: "CLinux"),
        module("Records"),
        module("Plan"),
        module("Wire", ["Plan"]),
        module("Mutants"),
        module("Postgres", ["CLibPQ", "CLinux"]),
        module("Messaging", ["CZeroMQ", "CLinux", "Mutants"]),
        module("Ledger", ["Postgres", "Plan", "Mutants"], resources: [.embedInCode("SQL")]),
        module("Settings", ["Plan", "Records", yams], resources: [.embedInCode("Contracts")]),
        module("Journal", resources: [.embedInCode("Catalogue")]),
        module(
            "Loading",
            [
                "Records", "Plan", "Wire", "Postgres", "Messaging", "Ledger", "Settings", "Journal",
                "Mutants", crypto,
            ]),
        module(
            "Coordination",
            [
                "Records", "Plan", "Wire", "Postgres", "Messaging", "Ledger", "Settings", "Journal",
                "Loading", "CLinux", crypto,
            ]),
        .executableTarget(
            name: "kugiri",
            dependencies: [
                "Records", "Plan", "Postgres", "Messaging", "Ledger", "Settings", "Journal",
                "Loading", "Coordination", arguments,
            ],
            swiftSettings: strict),
        module("Simulator", ["Plan", "Wire"]),
        .executableTarget(
            name: "Simulate", dependencies: ["Simulator", arguments], swiftSettings: strict),
        .executableTarget(
            name: "Bench",
            dependencies: [
                "Records", "Plan", "Postgres", "Messaging", "Ledger", "Settings", "Journal",
                "Loading", "Coordination", arguments,
            ],
            swiftSettings: strict),
        tests("Records", exclude: ["Fixtures"]),
        tests("Plan"),
        tests("Wire", ["Plan"]),
        tests("Postgres"),
        tests("Messaging"),
        tests("Settings", ["Records", "Plan"]),
        tests("Journal"),
        tests("Ledger", ["Postgres", "Plan"]),
        tests("Loading", ["Records", "Plan", "Wire", "Postgres", "Ledger", "Settings"]),
        tests(
            "Coordination",
            [
                "Records", "Plan", "Wire", "Messaging", "Loading", "Ledger", "Journal", "Settings",
            ]),
        tests("Bench", ["Messaging"]),
        tests("Simulator", ["Plan", "Wire"]),
        .testTarget(
            name: "FleetTests",
            dependencies: [
                "kugiri", "Coordination", "Postgres", "Records", "Plan", "Wire", "Settings",
                "Messaging",
                yams,
            ],
            swiftSettings: strict),
    ]
)
