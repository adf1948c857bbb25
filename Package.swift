// swift-tools-version:6.1
import PackageDescription

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

// Each target may import only the targets listed on its line; read top to bottom.
let package = Package(
    name: "vecsh",
    products: [.executable(name: "vecsh", targets: ["vecsh"])],
    targets: [
        .systemLibrary(name: "CEditLine", pkgConfig: "libedit", providers: [.apt(["libedit-dev"])]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "CArchive"),
        .target(name: "CBase64"),
        .target(name: "CCurl"),
        .target(name: "CFiles"),
        .target(name: "CMD5"),
        .target(name: "CMemory"),
        .target(name: "CNumbers"),
        .target(name: "CPQ"),
        .target(name: "CSHA256"),
        .target(name: "CSignals"),
        .target(name: "CZlib"),
        .target(name: "JSON", dependencies: ["CNumbers"], swiftSettings: settings),
        .target(name: "Model", dependencies: ["JSON"], swiftSettings: settings),
        .target(name: "Files", dependencies: ["Model", "CFiles"], swiftSettings: settings),
        .target(name: "Wire", dependencies: ["CCurl"], swiftSettings: settings),
        .target(
            name: "Stores",
            dependencies: [
                "Model", "JSON", "Files", "Wire", "CSQLite", "CPQ", "CSHA256", "CBase64", "CFiles", "CZlib",
            ],
            swiftSettings: settings),
        .target(
            name: "Depot", dependencies: ["Model", "JSON", "Files", "Wire", "CFiles", "CMD5", "CSHA256"],
            swiftSettings: settings),
        .target(
            name: "Transfer", dependencies: ["Model", "JSON", "Files", "CSHA256", "CArchive"], swiftSettings: settings),
        .target(name: "Language", dependencies: ["Model", "JSON"], swiftSettings: settings),
        .target(
            name: "Shell",
            dependencies: [
                "Model", "JSON", "Stores", "Transfer", "Depot", "Files", "Language", "CEditLine", "CFiles", "CSignals",
            ],
            swiftSettings: settings),
        .executableTarget(name: "vecsh", dependencies: ["Shell", "CMemory"], swiftSettings: settings),

        .target(
            name: "TestSupport", dependencies: ["Model", "JSON", "CFiles"], path: "Tests/Support",
            swiftSettings: settings),
        .executableTarget(
            name: "prompt-trial", dependencies: ["Shell", "Language"], path: "Tests/PromptTrial",
            swiftSettings: settings),
        .testTarget(name: "JSONTests", dependencies: ["JSON", "TestSupport"], swiftSettings: settings),
        .testTarget(name: "ModelTests", dependencies: ["Model", "JSON", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "WireTests", dependencies: ["Wire", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "StoresTests", dependencies: ["Stores", "Wire", "Model", "JSON", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "DepotTests", dependencies: ["Depot", "Wire", "Files", "Model", "JSON", "TestSupport"],
            exclude: ["sign.py", "answers.py"], swiftSettings: settings),
        .testTarget(
            name: "TransferTests", dependencies: ["Transfer", "Stores", "Model", "JSON", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "LanguageTests", dependencies: ["Language", "Shell", "Model", "JSON", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ShellTests",
            dependencies: ["Shell", "Language", "Stores", "Model", "JSON", "vecsh", "prompt-trial", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "ArchitectureTests", dependencies: ["Shell", "Language", "Stores", "Model"], swiftSettings: settings),
        .executableTarget(
            name: "vecsh-bench", dependencies: ["Stores", "Wire", "Model", "JSON", "CMemory", "CSQLite"],
            path: "Tests/Bench",
            swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
