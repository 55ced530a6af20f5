package io.bonafide.demo

import io.bonafide.Bonafide
import io.bonafide.InitialConfig
import io.bonafide.Settings

/**
 * A client app that talks to the demo's login API. It reads commands, one a line, and answers each with one line of
 * JSON: `login USER PASSWORD`, `get URL`, `token URL [BINDING]`, `status`, `refresh`, `burst N`,
 * `drop-connections`, `quit`.
 */
fun main(arguments: Array<String>) {
    val options = Options.parse(arguments)

    // All that an app does to be protected, part one: start, at launch. It returns at once.
    if (options.protected) {
        Bonafide.start(
            Settings(InitialConfig.of(options.config), options.storage, options.appId, options.appVersion),
        )
    }

    val commands = Commands(LoginApi(options))
    generateSequence(::readlnOrNull)
        .map(String::trim)
        .filter(String::isNotEmpty)
        .takeWhile { it != "quit" }
        .forEach { println(commands.answer(it)) }
}
