package io.bonafide.sample

import org.junit.jupiter.api.Assertions.assertEquals
import org.junit.jupiter.api.Assertions.assertTrue
import org.junit.jupiter.api.Test
import org.w3c.dom.Element
import java.io.File
import javax.xml.parsers.DocumentBuilderFactory

/** What other builds get to read: the published POM, and the documentation's snippets. */
class PublishedTest {
    private fun dependencies(pom: File): Map<String, Element> {
        val root =
            DocumentBuilderFactory
                .newInstance()
                .newDocumentBuilder()
                .parse(pom)
                .documentElement
        val all = root.getElementsByTagName("dependency")
        return (0 until all.length).map { all.item(it) as Element }.associateBy { it.text("artifactId") + ":" + it.text("type") }
    }

    private fun Element.text(tag: String): String =
        getElementsByTagName(tag)
            .item(0)
            ?.textContent
            ?.trim()
            .orEmpty()

    @Test
    fun `the published POM asks for just what the module does`() {
        val published = dependencies(File("../sdk/target/published/pom.xml"))
        val module = dependencies(File("../sdk/pom.xml")).filterValues { it.text("scope").isEmpty() }
        assertEquals(module.keys, published.keys)
        assertEquals(setOf("jna:aar"), published.keys.filter { it.startsWith("jna") }.toSet())
        assertTrue(published.values.all { it.text("version").isNotEmpty() && '$' !in it.text("version") }, "$published")
    }

    @Test
    fun `snippets of the documentation that claim to be compiled are`() {
        val docs = File("../../docs/android.md").readText()
        val marked = Regex("<!-- compiled: (\\S+) -->\\s*```(?:kotlin|java)\\n(.*?)```", RegexOption.DOT_MATCHES_ALL).findAll(docs).toList()
        assertTrue(marked.size >= 8, "${marked.size} snippets are marked")
        for (snippet in marked) {
            val (path, code) = snippet.destructured
            val source = File("../..", path).readText().withoutIndent()
            assertTrue(code.withoutIndent() in source, "$path does not hold:\n$code")
        }
    }

    private fun String.withoutIndent() = lineSequence().map { it.trim() }.filter { it.isNotEmpty() }.joinToString("\n")
}
