// SPDX-License-Identifier: GPL-3.0-or-later
// Copyright (c) 2026 eccops.rapid maintainers

using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using System.Threading;
using Microsoft.Win32.SafeHandles;

//TypeAccelerator -Name EccopsJobProcess -TypeName JobProcess

namespace ansible_collections.eccops.rapid.plugins.module_utils._workstation.JobProcess
{
    /// <summary>Runs a program in a job object, so that a time limit ends all that it started.</summary>
    public static class JobProcess
    {
        /// <summary>After the program has ended, for the rest of its output: what it left running may hold that open.</summary>
        private const int DrainMilliseconds = 2000;

        public sealed class Ended
        {
            public bool IsTimedOut;
            public int ExitCode;
            public string Output;
        }

        /// <summary>
        /// Runs <paramref name="program"/> with an empty standard input and without a window. Returns the end of what it wrote,
        /// standard error last, at most <paramref name="keptBytes"/> of each. Throws Win32Exception where it cannot be started.
        /// </summary>
        public static Ended Run(string program, string commandLine, int timeoutMilliseconds, int keptBytes)
        {
            using (SafeFileHandle job = CreateClosingJob())
            using (Tail output = new Tail(keptBytes))
            using (Tail error = new Tail(keptBytes))
            using (SafeFileHandle input = OpenNothing())
            {
                ProcessInformation process = Start(program, commandLine, input, output, error);
                try
                {
                    if (!AssignProcessToJobObject(job, process.Process) || ResumeThread(process.Thread) == uint.MaxValue)
                    {
                        Win32Exception failure = new Win32Exception();
                        TerminateProcess(process.Process, 1);
                        throw failure;
                    }
                    output.Start();
                    error.Start();
                    Ended ended = new Ended();
                    ended.IsTimedOut = WaitForSingleObject(process.Process, (uint)timeoutMilliseconds) != 0;
                    if (ended.IsTimedOut)
                    {
                        TerminateJobObject(job, 1);
                        WaitForSingleObject(process.Process, 10000);
                    }
                    uint code;
                    GetExitCodeProcess(process.Process, out code);
                    ended.ExitCode = unchecked((int)code);
                    List<string> texts = new List<string>();
                    foreach (Tail tail in new Tail[] { output, error })
                    {
                        string text = tail.Text(DrainMilliseconds);
                        if (text.Length > 0) texts.Add(text);
                    }
                    ended.Output = string.Join(" | ", texts.ToArray());
                    return ended;
                }
                finally
                {
                    CloseHandle(process.Thread);
                    CloseHandle(process.Process);
                }
            }
        }

        private static SafeFileHandle CreateClosingJob()
        {
            SafeFileHandle job = new SafeFileHandle(CreateJobObjectW(IntPtr.Zero, null), true);
            if (job.IsInvalid) throw new Win32Exception();
            ExtendedLimits limits = new ExtendedLimits();
            limits.Basic.LimitFlags = 0x2000; // the job's processes end with its handle
            if (!SetInformationJobObject(job, 9, ref limits, (uint)Marshal.SizeOf(limits))) throw new Win32Exception();
            return job;
        }

        private static SafeFileHandle OpenNothing()
        {
            SecurityAttributes inheritable = SecurityAttributes.Inheritable();
            SafeFileHandle handle = CreateFileW("NUL", 0x80000000, 3, ref inheritable, 3, 0, IntPtr.Zero);
            if (handle.IsInvalid) throw new Win32Exception();
            return handle;
        }

        private static ProcessInformation Start(string program, string commandLine, SafeFileHandle input, Tail output, Tail error)
        {
            StartupInformation startup = new StartupInformation();
            startup.Size = Marshal.SizeOf(startup);
            startup.Flags = 0x100; // the handles below
            startup.Input = input.DangerousGetHandle();
            startup.Output = output.WriteEnd.DangerousGetHandle();
            startup.Error = error.WriteEnd.DangerousGetHandle();
            ProcessInformation process;
            // suspended, without a window
            if (!CreateProcessW(program, new StringBuilder(commandLine), IntPtr.Zero, IntPtr.Zero, true, 0x4 | 0x08000000,
                IntPtr.Zero, null, ref startup, out process)) throw new Win32Exception();
            output.WriteEnd.Dispose();
            error.WriteEnd.Dispose();
            return process;
        }

        /// <summary>Reads a pipe to its end, whatever its length, and keeps the last bytes.</summary>
        private sealed class Tail : IDisposable
        {
            public readonly SafeFileHandle WriteEnd;
            private readonly FileStream stream;
            private readonly byte[] kept;
            private long count;
            private Thread thread;

            public Tail(int keptBytes)
            {
                SecurityAttributes inheritable = SecurityAttributes.Inheritable();
                SafeFileHandle readEnd;
                if (!CreatePipe(out readEnd, out WriteEnd, ref inheritable, 0)) throw new Win32Exception();
                SetHandleInformation(readEnd, 1, 0);
                stream = new FileStream(readEnd, FileAccess.Read, 1, false);
                kept = new byte[keptBytes];
            }

            public void Start()
            {
                thread = new Thread(Read);
                thread.IsBackground = true;
                thread.Start();
            }

            private void Read()
            {
                byte[] chunk = new byte[65536];
                try
                {
                    for (int size = stream.Read(chunk, 0, chunk.Length); size > 0; size = stream.Read(chunk, 0, chunk.Length))
                        lock (kept)
                            for (int index = Math.Max(0, size - kept.Length); index < size; index++) kept[(count++) % kept.Length] = chunk[index];
                }
                catch (IOException) { }
                catch (ObjectDisposedException) { }
            }

            public string Text(int milliseconds)
            {
                thread.Join(milliseconds);
                lock (kept)
                {
                    int size = (int)Math.Min(count, kept.Length);
                    byte[] last = new byte[size];
                    for (int index = 0; index < size; index++) last[index] = kept[(count - size + index) % kept.Length];
                    string[] words = Encoding.UTF8.GetString(last).Split(new char[] { ' ', '\t', '\r', '\n' }, StringSplitOptions.RemoveEmptyEntries);
                    return string.Join(" ", words);
                }
            }

            public void Dispose()
            {
                WriteEnd.Dispose();
                if (thread == null || thread.Join(0)) stream.Dispose(); // else a reader still waits, and ends with this process
            }
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct SecurityAttributes
        {
            public int Length;
            public IntPtr Descriptor;
            [MarshalAs(UnmanagedType.Bool)] public bool IsInheritable;

            public static SecurityAttributes Inheritable()
            {
                SecurityAttributes attributes = new SecurityAttributes();
                attributes.Length = Marshal.SizeOf(attributes);
                attributes.IsInheritable = true;
                return attributes;
            }
        }

        [StructLayout(LayoutKind.Sequential, CharSet = CharSet.Unicode)]
        private struct StartupInformation
        {
            public int Size;
            public string Reserved, Desktop, Title;
            public int X, Y, Width, Height, WidthInCharacters, HeightInCharacters, FillAttribute, Flags;
            public short ShowWindow, ReservedSize;
            public IntPtr ReservedBytes, Input, Output, Error;
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct ProcessInformation
        {
            public IntPtr Process, Thread;
            public int ProcessId, ThreadId;
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct BasicLimits
        {
            public long PerProcessUserTime, PerJobUserTime;
            public uint LimitFlags;
            public UIntPtr MinimumWorkingSet, MaximumWorkingSet;
            public uint ActiveProcesses;
            public UIntPtr Affinity;
            public uint PriorityClass, SchedulingClass;
        }

        [StructLayout(LayoutKind.Sequential)]
        private struct ExtendedLimits
        {
            public BasicLimits Basic;
            public ulong ReadOperations, WriteOperations, OtherOperations, ReadBytes, WriteBytes, OtherBytes;
            public UIntPtr ProcessMemory, JobMemory, PeakProcessMemory, PeakJobMemory;
        }

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool AssignProcessToJobObject(SafeFileHandle job, IntPtr process);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool CloseHandle(IntPtr handle);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern SafeFileHandle CreateFileW(
            string name, uint access, uint share, ref SecurityAttributes attributes, uint disposition, uint flags, IntPtr template);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern IntPtr CreateJobObjectW(IntPtr attributes, string name);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool CreatePipe(out SafeFileHandle read, out SafeFileHandle write, ref SecurityAttributes attributes, uint size);

        [DllImport("kernel32.dll", CharSet = CharSet.Unicode, SetLastError = true)]
        private static extern bool CreateProcessW(
            string program, StringBuilder commandLine, IntPtr processAttributes, IntPtr threadAttributes, bool isInheriting, uint flags,
            IntPtr environment, string directory, ref StartupInformation startup, out ProcessInformation process);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool GetExitCodeProcess(IntPtr process, out uint code);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern uint ResumeThread(IntPtr thread);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool SetHandleInformation(SafeFileHandle handle, uint mask, uint flags);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool SetInformationJobObject(SafeFileHandle job, int kind, ref ExtendedLimits limits, uint length);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool TerminateJobObject(SafeFileHandle job, uint code);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern bool TerminateProcess(IntPtr process, uint code);

        [DllImport("kernel32.dll", SetLastError = true)]
        private static extern uint WaitForSingleObject(IntPtr handle, uint milliseconds);
    }
}
