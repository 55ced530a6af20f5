plugins {
    id("com.android.application") version "8.13.2"
    id("org.jetbrains.kotlin.android") version "2.2.21"
}

android {
    namespace = "io.bonafide.consumer"
    compileSdk = 36

    defaultConfig {
        minSdk = 24
        targetSdk = 36
        // JNA has libraries for 32-bit phones, and Bonafide has none.
        ndk { abiFilters += listOf("arm64-v8a", "x86_64") }
    }
    buildTypes {
        release {
            // R8 in full mode, with the rules that the AAR brings and none of the app's own.
            isMinifyEnabled = true
            isShrinkResources = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"))
            signingConfig = signingConfigs.getByName("debug")
        }
    }
}

kotlin { jvmToolchain(17) }

dependencies {
    implementation(platform("io.bonafide:bonafide-bom:0.1.0"))
    implementation("io.bonafide:bonafide-android")
    implementation("io.bonafide:bonafide-okhttp")
    implementation("com.squareup.okhttp3:okhttp:5.5.1")
    testImplementation("io.bonafide:bonafide-testing")
}
