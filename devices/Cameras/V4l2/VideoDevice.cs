using System.Runtime.InteropServices;

namespace EdgeVit.Devices;

/// <summary>A device file of the kernel, such as <c>/dev/video0</c>.</summary>
internal sealed unsafe partial class VideoDevice : IVideoDevice
{
    private const int ReadWrite = 2, NonBlocking = 0x800, CloseOnExec = 0x80000, ReadProtection = 1, Shared = 1, Interrupted = 4;
    private const short PollIn = 1;

    private readonly List<(nint Address, nuint Length)> _mapped = [];
    private readonly int _file, _wake;
    private bool _disposed;

    private VideoDevice(int file, int wake) => (_file, _wake) = (file, wake);

    /// <summary>Opens a device.</summary>
    /// <param name="path">Its file.</param>
    /// <param name="error">0, or the error's number.</param>
    public static VideoDevice? TryOpen(string path, out int error)
    {
        error = 0;
        int file = Open(path, ReadWrite | NonBlocking | CloseOnExec);
        if (file < 0)
        {
            error = Marshal.GetLastPInvokeError();
            return null;
        }

        int wake = EventFile(0, NonBlocking | CloseOnExec);
        if (wake < 0)
        {
            error = Marshal.GetLastPInvokeError();
            _ = Close(file);
            return null;
        }

        return new VideoDevice(file, wake);
    }

    public int Control(uint request, Span<byte> argument)
    {
        fixed (byte* bytes = argument)
        {
            while (Control(_file, request, bytes) < 0)
            {
                int error = Marshal.GetLastPInvokeError();
                if (error != Interrupted)
                {
                    return error;
                }
            }

            return 0;
        }
    }

    public int Map(uint offset, uint length)
    {
        nint address = Map(0, length, ReadProtection, Shared, _file, (nint)offset);
        if (address == -1)
        {
            return Marshal.GetLastPInvokeError();
        }

        _mapped.Add((address, length));
        return 0;
    }

    public ReadOnlySpan<byte> Buffer(int index) => new((void*)_mapped[index].Address, (int)_mapped[index].Length);

    public bool Wait(int milliseconds)
    {
        PollEntry* entries = stackalloc PollEntry[2];
        entries[0] = new PollEntry { File = _file, Wanted = PollIn, Found = 0 };
        entries[1] = new PollEntry { File = _wake, Wanted = PollIn, Found = 0 };
        int ready = Poll(entries, 2, milliseconds);
        if (ready > 0 && entries[1].Found != 0)
        {
            ulong count;
            _ = Read(_wake, &count, sizeof(ulong));
        }

        if (ready > 0 && entries[0].Found is not (0 or PollIn))
        {
            // An error that stays would end every wait at once.
            Thread.Sleep(5);
        }

        // A signal that ends the wait is no end of the time.
        return ready != 0;
    }

    public void Wake()
    {
        ulong one = 1;
        _ = Write(_wake, &one, sizeof(ulong));
    }

    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        foreach ((nint address, nuint length) in _mapped)
        {
            _ = Unmap(address, length);
        }

        _mapped.Clear();
        _ = Close(_file);
        _ = Close(_wake);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int file);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(int file, nuint request, byte* argument);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint Map(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int Unmap(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(PollEntry* entries, nuint count, int milliseconds);

    [LibraryImport("libc", EntryPoint = "eventfd", SetLastError = true)]
    private static partial int EventFile(uint initial, int flags);

    [LibraryImport("libc", EntryPoint = "read")]
    private static partial nint Read(int file, void* bytes, nint count);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int file, void* bytes, nint count);

    private struct PollEntry
    {
        public int File;
        public short Wanted;
        public short Found;
    }
}
