// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026 eccops.rapid maintainers

using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Principal;
using System.Threading;
using Microsoft.Win32.SafeHandles;

//TypeAccelerator -Name EccopsClosedFile -TypeName ClosedFile

namespace ansible_collections.eccops.rapid.plugins.module_utils._files.ClosedFile
{
    /// <summary>
    /// Files and directories that SYSTEM, the administrators and this account alone can open, from the moment they exist.
    /// Every failure is a Win32Exception or an IOException.
    /// </summary>
    public static class ClosedFile
    {
        /// <summary>A virus scanner or an editor lets go of a file within seconds.</summary>
        private const int RetryMilliseconds = 5000;

        /// <summary>Returns the SID of the account that this process runs as.</summary>
        public static string Account()
        {
            using (WindowsIdentity identity = WindowsIdentity.GetCurrent()) return identity.User.Value;
        }

        public static void CreateDirectory(string path)
        {
            using (Descriptor closed = new Descriptor("OICI"))
                if (!CreateDirectoryW(path, ref closed.Attributes)) throw new Win32Exception();
        }

        /// <summary>Puts <paramref name="content"/> in place of what is at <paramref name="path"/>; returns when it is on disk, whole.</summary>
        public static void Write(string path, byte[] content)
        {
            string temporary = path + "." + Guid.NewGuid().ToString("N") + ".new";
            try
            {
                WriteNew(temporary, content);
                DateTime end = DateTime.UtcNow.AddMilliseconds(RetryMilliseconds);
                while (!MoveFileExW(temporary, path, 0x1 | 0x8)) // replace what is there, write through
                {
                    Win32Exception failure = new Win32Exception();
                    bool isHeldOpen = failure.NativeErrorCode == 5 || failure.NativeErrorCode == 32;
                    if (!isHeldOpen || Directory.Exists(path) || DateTime.UtcNow > end) throw failure;
                    Thread.Sleep(50);
                }
            }
            finally
            {
                DeleteFileW(temporary);
            }
        }

        /// <summary>Writes a file of <paramref name="size"/> bytes to disk in <paramref name="directory"/>, and removes it.</summary>
        public static void TryRoom(string directory, int size)
        {
            string temporary = Path.Combine(directory, ".preflight-" + Guid.NewGuid().ToString("N"));
            try { WriteNew(temporary, new byte[size]); }
            finally { DeleteFileW(temporary); }
        }

        /// <summary>Returns the lock file, open for this process alone and gone when it is disposed; null where another one has it.</summary>
        public static FileStream TryLock(string path)
        {
            using (Descriptor closed = new Descriptor(""))
            {
                // open or create; deleted on close
                SafeFileHandle handle = CreateFileW(path, 0xC0010000, 0, ref closed.Attributes, 4, 0x04000000, IntPtr.Zero);
                if (!handle.IsInvalid) return new FileStream(handle, FileAccess.ReadWrite);
                Win32Exception failure = new Win32Exception();
                if (failure.NativeErrorCode == 32 || failure.NativeErrorCode == 303) return null; // held, or about to be deleted
                throw failure;
            }
        }

        /// <summary>Returns owner and access rules of <paramref name="path"/> as SDDL.</summary>
        public static string ReadSecurity(string path)
        {
            IntPtr owner, descriptor, text;
            int code = GetNamedSecurityInfoW(path, 1, 0x1 | 0x4, out owner, IntPtr.Zero, IntPtr.Zero, IntPtr.Zero, out descriptor);
            if (code != 0) throw new Win32Exception(code);
            try
            {
                if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, 1, 0x1 | 0x4, out text, IntPtr.Zero)) throw new Win32Exception();
                try { return Marshal.PtrToStringUni(text); }
                finally { LocalFree(text); }
            }
            finally
            {
                LocalFree(descriptor);
            }
        }

        private static void WriteNew(string path, byte[] content)
        {
            using (Descriptor closed = new Descriptor(""))
            {
                // new only; write through
                SafeFileHandle handle = CreateFileW(path, 0x40000000, 0, ref closed.Attributes, 1, 0x80000000, IntPtr.Zero);
                if (handle.IsInvalid) throw new Win32Exception();
                using (FileStream stream = new FileStream(handle, FileAccess.Write))
                {
                    stream.Write(content, 0, content.Length);
                    stream.Flush(true);
                }
            }
        }

        /// <summary>The access rules: nothing inherited; full control for three accounts.</summary>
        private sealed class Descriptor : IDisposable
        {
            public SecurityAttributes Attributes;

            public Descriptor(string inheritance)
            {
                string rule = "(A;" + inheritance + ";FA;;;";
                string text = "D:P" + rule + "SY)" + rule + "BA)" + rule + Account() + ")";
                Attributes.Length = Marshal.SizeOf(typeof(SecurityAttributes));
                if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(text, 1, out Attributes.Pointer, IntPtr.Zero)) throw new Win32Exception();
            }

            public void Dispose()
            {
                LocalFree(Attributes.Pointer);
            }
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct SecurityAttributes
        {
            public int Length;
            public IntPtr Pointer;
            public int IsInheritable;
        }

        [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool ConvertSecurityDescriptorToStringSecurityDescriptorW(
            IntPtr descriptor, uint revision, uint information, out IntPtr text, IntPtr length);

        [DllImport("advapi32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool ConvertStringSecurityDescriptorToSecurityDescriptorW(
            string text, uint revision, out IntPtr descriptor, IntPtr size);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool CreateDirectoryW(string path, ref SecurityAttributes attributes);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern SafeFileHandle CreateFileW(
            string path, uint access, uint share, ref SecurityAttributes attributes, uint disposition, uint flags, IntPtr template);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool DeleteFileW(string path);

        [DllImport("advapi32.dll", CharSet = CharSet.Unicode)]
        private static extern int GetNamedSecurityInfoW(
            string path, int kind, uint information, out IntPtr owner, IntPtr group, IntPtr rules, IntPtr audit, out IntPtr descriptor);

        [DllImport("kernel32.dll")]
        private static extern IntPtr LocalFree(IntPtr memory);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool MoveFileExW(string from, string to, uint flags);
    }
}
