// swift-tools-version: 6.0
// Opens in Xcode 16 or newer: `open ios/Sample/BonafideSample.swiftpm`, after scripts/build-ios.
import AppleProductTypes
import PackageDescription

let package = Package(
    name: "BonafideSample",
    platforms: [.iOS("16.0")],
    products: [
        .iOSApplication(
            name: "BonafideSample",
            targets: ["BonafideSample"],
            bundleIdentifier: "io.bonafide.sample",
            displayVersion: "1.0",
            bundleVersion: "1",
            supportedDeviceFamilies: [.phone, .pad],
            supportedInterfaceOrientations: [.portrait]
        )
    ],
    dependencies: [.package(name: "Bonafide", path: "../../..")],
    targets: [
        .executableTarget(
            name: "BonafideSample",
            dependencies: [.product(name: "Bonafide", package: "Bonafide")],
            path: "Sources",
            resources: [.copy("Resources/bonafide.config")]
        )
    ],
    swiftLanguageModes: [.v6]
)
