// swift-tools-version: 6.0
import PackageDescription

#if canImport(Foundation)
    import Foundation
#endif

// The core, a static library with the C header of its binding. On Apple's systems: the XCFramework, while developing the
// one that scripts/build-ios left (or BONAFIDE_XCFRAMEWORK, relative to this folder), in a release the published one.
// On Linux, where the package is only tested: the host library of scripts/build-swift-binding.
let release: (url: String, checksum: String)? = nil

#if os(Linux)
    let core: [Target] = [.systemLibrary(name: "BonafideFFI", path: "ios/generated/BonafideFFI")]
    let library = Context.packageDirectory + "/ios/generated/lib"
    let linking: [LinkerSetting] = [.unsafeFlags(["-L" + library, "-Xlinker", "-rpath", "-Xlinker", library])]
    // Apple's frameworks, as far as the sources use them, with Apple's own signatures.
    let standIns: [Target] = [
        .target(name: "Security", path: "ios/StandIns/Security"),
        .target(name: "DeviceCheck", path: "ios/StandIns/DeviceCheck"),
    ]
    let platformFrameworks: [Target.Dependency] = ["Security", "DeviceCheck"]
#else
    let built = Context.environment["BONAFIDE_XCFRAMEWORK"] ?? "target/ios/Bonafide.xcframework"
    let isBuilt = FileManager.default.fileExists(atPath: Context.packageDirectory + "/" + built)
    let core: [Target] =
        if let release, !isBuilt {
            [.binaryTarget(name: "BonafideFFI", url: release.url, checksum: release.checksum)]
        } else {
            [.binaryTarget(name: "BonafideFFI", path: built)]
        }
    // What the core's TLS and its verifier call.
    let linking: [LinkerSetting] = [.linkedFramework("Security"), .linkedFramework("CoreFoundation")]
    let standIns: [Target] = []
    let platformFrameworks: [Target.Dependency] = []
#endif

let package = Package(
    name: "Bonafide",
    platforms: [.iOS(.v15)],
    products: [
        .library(name: "Bonafide", targets: ["BonafideKit"]),
        .library(name: "BonafideTesting", targets: ["BonafideTesting"]),
    ],
    targets: core + standIns + [
        .target(
            name: "BonafideBindings",
            dependencies: ["BonafideFFI"],
            path: "ios/Sources/BonafideBindings",
            // The compiler crashes on a generated async foreign trait in Swift 6 mode.
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: linking
        ),
        .target(
            name: "BonafideKit",
            dependencies: ["BonafideBindings"] + platformFrameworks,
            path: "ios/Sources/BonafideKit",
            resources: [.copy("PrivacyInfo.xcprivacy")]
        ),
        .target(name: "BonafideTesting", dependencies: ["BonafideKit"], path: "ios/Sources/BonafideTesting"),
        .testTarget(
            name: "BonafideKitTests",
            dependencies: ["BonafideKit", "BonafideTesting"] + platformFrameworks,
            path: "ios/Tests/BonafideKitTests"
        ),
    ],
    swiftLanguageModes: [.v6]
)
