package io.bonafide.okhttp

import okhttp3.Request

/** What a request's token is bound to: a tag of the request, so that two requests can never share it by accident. */
internal class Binding(
    val data: ByteArray,
)

internal val Request.binding: ByteArray?
    get() = tag(Binding::class.java)?.data
