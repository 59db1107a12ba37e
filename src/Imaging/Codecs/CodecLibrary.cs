using System.Reflection;
using System.Runtime.InteropServices;

namespace EdgeVit.Imaging;

/// <summary>A system library that decodes one image format. It is loaded on first use, by the names it has on Linux, macOS and Windows;
/// nothing is bundled, so a machine without it gets a message that names the package to install.</summary>
public sealed class CodecLibrary
{
    /// <summary>Name in our P/Invoke declarations, mapped to the real file by the resolver.</summary>
    internal const string PngImport = "edgevit-png";

    /// <inheritdoc cref="PngImport"/>
    internal const string JpegImport = "edgevit-turbojpeg";

    readonly string[] _candidates;
    readonly string _install;
    readonly Lazy<(nint Handle, string? Name)> _library;

    static CodecLibrary() => NativeLibrary.SetDllImportResolver(typeof(CodecLibrary).Assembly, Resolve);

    internal CodecLibrary(string format, string name, string install, params string[] candidates)
    {
        Format = format;
        Name = name;
        _install = install;
        _candidates = candidates;
        _library = new(Load);
    }

    /// <summary>libpng 1.6, for PNG.</summary>
    public static CodecLibrary Png { get; } = new(
        "PNG",
        "libpng 1.6",
        "Debian, Ubuntu, Raspberry Pi OS: apt-get install libpng16-16 (or libpng16-16t64); "
        + "macOS: brew install libpng; Windows: libpng16.dll beside the program",
        "libpng16.so.16", "libpng16.16.dylib",
        "/opt/homebrew/lib/libpng16.16.dylib", "/usr/local/lib/libpng16.16.dylib", "libpng16.dll", "libpng16");

    /// <summary>TurboJPEG (libjpeg-turbo) 2.0 or later, for JPEG.</summary>
    public static CodecLibrary Jpeg { get; } = new(
        "JPEG",
        "libturbojpeg",
        "Debian, Raspberry Pi OS: apt-get install libturbojpeg0; Ubuntu: apt-get install libturbojpeg; "
        + "macOS: brew install jpeg-turbo; Windows: turbojpeg.dll beside the program",
        "libturbojpeg.so.0", "libturbojpeg.0.dylib",
        "/opt/homebrew/opt/jpeg-turbo/lib/libturbojpeg.dylib", "/usr/local/opt/jpeg-turbo/lib/libturbojpeg.dylib",
        "turbojpeg.dll", "turbojpeg");

    /// <summary>Both libraries, for a report of the machine's state.</summary>
    public static IReadOnlyList<CodecLibrary> All { get; } = [Png, Jpeg];

    /// <summary>The format that needs this library: <c>PNG</c> or <c>JPEG</c>.</summary>
    public string Format { get; }

    /// <summary>The library's own name.</summary>
    public string Name { get; }

    /// <summary>Whether the library is there; loads it.</summary>
    public bool Available => _library.Value.Handle != 0;

    /// <summary>The file name under which it was found, or null.</summary>
    public string? FoundAs => _library.Value.Name;

    /// <summary>How to install it.</summary>
    public string InstallHint => _install;

    /// <summary>Throws unless the library is there.</summary>
    /// <param name="imageName">The image that needs it, for the message.</param>
    /// <exception cref="ImageException">The library cannot be loaded.</exception>
    internal void Require(string imageName)
    {
        if (Available)
            return;
        string problem = $"decoding {Format} needs {Name}, which was not found on this machine. {_install}.";
        throw new ImageException(imageName, problem) { CodecMissing = true };
    }

    (nint Handle, string? Name) Load()
    {
        foreach (string candidate in _candidates)
            if (NativeLibrary.TryLoad(candidate, typeof(CodecLibrary).Assembly, null, out nint handle))
                return (handle, candidate);
        return (0, null);
    }

    static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path) => name switch
    {
        PngImport => Png._library.Value.Handle,
        JpegImport => Jpeg._library.Value.Handle,
        _ => 0,
    };
}
