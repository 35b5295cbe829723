// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026 eccops.rapid maintainers

using System;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.AccessControl;
using System.Security.Principal;
using System.Threading;
using Microsoft.Win32.SafeHandles;

//TypeAccelerator -Name EccopsClosedFile -TypeName ClosedFile

namespace ansible_collections.eccops.rapid.plugins.module_utils._files.ClosedFile
{
    /// <summary>
    /// Files and directories that have their access rights from the moment they exist: unless others are given, SYSTEM, the
    /// administrators and this account alone can open them. Every failure is a Win32Exception or an IOException.
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
            CreateDirectory(path, Closed("OICI"));
        }

        public static void CreateDirectory(string path, string sddl)
        {
            using (Descriptor given = new Descriptor(sddl))
                if (!CreateDirectoryW(path, ref given.Attributes)) throw Failure(path, Marshal.GetLastWin32Error());
        }

        /// <summary>Puts <paramref name="content"/> in place of what is at <paramref name="path"/>; returns when it is on disk, whole.</summary>
        public static void Write(string path, byte[] content)
        {
            string temporary = path + "." + Guid.NewGuid().ToString("N") + ".new";
            try
            {
                WriteNew(temporary, content, Closed(""));
                Replace(temporary, path);
            }
            finally { DeleteFileW(temporary); }
        }

        /// <summary>Puts a file in place of what is at <paramref name="path"/>, which stays whole until then.</summary>
        public static void Replace(string temporary, string path)
        {
            FileInfo before = new FileInfo(path);
            if (before.Exists) before.IsReadOnly = false;
            Retry(path, delegate { return MoveFileExW(temporary, path, 0x1 | 0x8); }); // replace what is there, write through
        }

        /// <summary>Removes a file or an empty directory, if there is one.</summary>
        public static void Delete(string path)
        {
            bool isDirectory = Directory.Exists(path);
            FileInfo before = new FileInfo(path);
            if (before.Exists) before.IsReadOnly = false;
            try { Retry(path, delegate { return isDirectory ? RemoveDirectoryW(path) : DeleteFileW(path); }); }
            catch (Win32Exception failure)
            {
                if (failure.NativeErrorCode != 2 && failure.NativeErrorCode != 3) throw;
            }
        }

        /// <summary>Returns the content of a file that other programs may have open.</summary>
        public static byte[] Read(string path)
        {
            SafeFileHandle handle = null;
            Retry(path, delegate
            {
                handle = CreateFileW(path, 0x80000000, 7, IntPtr.Zero, 3, 0, IntPtr.Zero);
                return !handle.IsInvalid;
            });
            using (FileStream stream = new FileStream(handle, FileAccess.Read))
            using (MemoryStream content = new MemoryStream())
            {
                stream.CopyTo(content);
                return content.ToArray();
            }
        }

        /// <summary>Repeats what fails because a program holds a file open; throws any other failure.</summary>
        private static void Retry(string path, Func<bool> attempt)
        {
            DateTime end = DateTime.UtcNow.AddMilliseconds(RetryMilliseconds);
            while (!attempt())
            {
                int code = Marshal.GetLastWin32Error();
                if (code != 5 && code != 32 || Directory.Exists(path) || DateTime.UtcNow > end) throw Failure(path, code);
                Thread.Sleep(50);
            }
        }

        private static Win32Exception Failure(string path, int code)
        {
            return new Win32Exception(code, path + ": " + new Win32Exception(code).Message);
        }

        /// <summary>Writes a file of <paramref name="size"/> bytes to disk under the name that Write gives it, and removes it.</summary>
        public static void TryRoom(string path, int size)
        {
            string temporary = path + "." + Guid.NewGuid().ToString("N") + ".new";
            try { WriteNew(temporary, new byte[size], Closed("")); }
            finally { DeleteFileW(temporary); }
        }

        /// <summary>Returns the lock file, open for this process alone and gone when it is disposed; null where another one has it.</summary>
        public static FileStream TryLock(string path)
        {
            using (Descriptor closed = new Descriptor(Closed("")))
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

        /// <summary>Sets owner and access rules; nothing is inherited any more.</summary>
        public static void SetSecurity(string path, string sddl)
        {
            RawSecurityDescriptor wanted = new RawSecurityDescriptor(sddl);
            byte[] owner = new byte[wanted.Owner.BinaryLength], rules = new byte[wanted.DiscretionaryAcl.BinaryLength];
            wanted.Owner.GetBinaryForm(owner, 0);
            wanted.DiscretionaryAcl.GetBinaryForm(rules, 0);
            int code = SetNamedSecurityInfoW(path, 1, 0x1 | 0x4 | 0x80000000, owner, IntPtr.Zero, rules, IntPtr.Zero);
            if (code != 0) throw Failure(path, code);
        }

        /// <summary>Writes a new file to disk that has its owner and access rules before its content.</summary>
        public static void WriteNew(string path, byte[] content, string sddl)
        {
            using (Descriptor given = new Descriptor(sddl))
            {
                // new only; write through
                SafeFileHandle handle = CreateFileW(path, 0x40000000, 0, ref given.Attributes, 1, 0x80000000, IntPtr.Zero);
                if (handle.IsInvalid) throw Failure(path, Marshal.GetLastWin32Error());
                using (FileStream stream = new FileStream(handle, FileAccess.Write))
                {
                    stream.Write(content, 0, content.Length);
                    stream.Flush(true);
                }
            }
        }

        /// <summary>Returns access rules: nothing inherited; full control for three accounts.</summary>
        private static string Closed(string inheritance)
        {
            string rule = "(A;" + inheritance + ";FA;;;";
            return "D:P" + rule + "SY)" + rule + "BA)" + rule + Account() + ")";
        }

        private sealed class Descriptor : IDisposable
        {
            public SecurityAttributes Attributes;

            public Descriptor(string sddl)
            {
                Attributes.Length = Marshal.SizeOf(typeof(SecurityAttributes));
                if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl, 1, out Attributes.Pointer, IntPtr.Zero)) throw new Win32Exception();
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
        private static extern SafeFileHandle CreateFileW(
            string path, uint access, uint share, IntPtr attributes, uint disposition, uint flags, IntPtr template);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool DeleteFileW(string path);

        [DllImport("advapi32.dll", CharSet = CharSet.Unicode)]
        private static extern int GetNamedSecurityInfoW(
            string path, int kind, uint information, out IntPtr owner, IntPtr group, IntPtr rules, IntPtr audit, out IntPtr descriptor);

        [DllImport("kernel32.dll")]
        private static extern IntPtr LocalFree(IntPtr memory);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool MoveFileExW(string from, string to, uint flags);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool RemoveDirectoryW(string path);

        [DllImport("advapi32.dll", CharSet = CharSet.Unicode)]
        private static extern int SetNamedSecurityInfoW(
            string path, int kind, uint information, byte[] owner, IntPtr group, byte[] rules, IntPtr audit);
    }
}
