// An app of somebody else's: it has nothing but what scripts/build-android --publish has written.
//   gradle -p android/consumer assembleRelease -PbonafideRepository=file:///…
pluginManagement {
    repositories {
        google()
        mavenCentral()
        gradlePluginPortal()
    }
}

dependencyResolutionManagement {
    repositoriesMode = RepositoriesMode.FAIL_ON_PROJECT_REPOS
    repositories {
        maven(providers.gradleProperty("bonafideRepository").get()) {
            content { includeGroup("io.bonafide") }
        }
        google()
        mavenCentral { content { excludeGroup("io.bonafide") } }
    }
}

rootProject.name = "bonafide-consumer"
