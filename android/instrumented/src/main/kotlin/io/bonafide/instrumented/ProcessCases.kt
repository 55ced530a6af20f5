package io.bonafide.instrumented

import android.content.ContentProvider
import android.content.ContentValues
import android.database.Cursor
import android.net.Uri
import android.os.Bundle
import android.os.Process
import io.bonafide.ProtectionStatus.Phase
import io.bonafide.StartOptions
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNotEquals
import org.junit.Test

/** Two processes of one app: each has its own protection, storage is shared. */
class ProcessCases {
    @Test
    fun aSecondProcessStartsBesideThisOne() {
        val name = Device.newName()
        Device.started(StartOptions(name = name)).use {
            val other = Device.app.contentResolver.call(Uri.parse("content://io.bonafide.instrumented.second"), "start", name, null)!!
            assertNotEquals(Process.myPid(), other.getInt("pid"))
            assertEquals(Phase.RUNNING.name, other.getString("phase"))
            assertEquals(null, other.getString("memoryOnly"))
            assertEquals(Phase.RUNNING, it.status().phase)
        }
    }
}

/** In a process of its own; starts a protection of the name that it is called with, and answers how that went. */
class SecondProcess : ContentProvider() {
    override fun onCreate() = true

    override fun call(
        method: String,
        arg: String?,
        extras: Bundle?,
    ): Bundle =
        Device.started(StartOptions(name = arg!!)).use {
            val status = it.status()
            Bundle().apply {
                putInt("pid", Process.myPid())
                putString("phase", status.phase.name)
                putString("memoryOnly", status.memoryOnly)
            }
        }

    override fun query(
        uri: Uri,
        projection: Array<String>?,
        selection: String?,
        selectionArgs: Array<String>?,
        sortOrder: String?,
    ): Cursor? = null

    override fun getType(uri: Uri): String? = null

    override fun insert(
        uri: Uri,
        values: ContentValues?,
    ): Uri? = null

    override fun delete(
        uri: Uri,
        selection: String?,
        selectionArgs: Array<String>?,
    ) = 0

    override fun update(
        uri: Uri,
        values: ContentValues?,
        selection: String?,
        selectionArgs: Array<String>?,
    ) = 0
}
