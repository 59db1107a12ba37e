namespace EdgeVit.Imaging.Tests;

public class CodecLibraryTests
{
    [Fact]
    public void A_missing_library_is_named_with_the_way_to_install_it()
    {
        var library = new CodecLibrary("PNG", "libnowhere 9", "Debian: apt-get install libnowhere9", "libnowhere.so.9", "nowhere.dll");
        Assert.False(library.Available);
        Assert.Null(library.FoundAs);
        var e = Assert.Throws<ImageException>(() => library.Require("cat.png"));
        Assert.True(e.CodecMissing);
        Assert.Equal("cat.png: decoding PNG needs libnowhere 9, which was not found on this machine. Debian: apt-get install libnowhere9.", e.Message);
    }

    [Fact]
    public void Both_libraries_are_here_and_say_where()
    {
        Assert.Equal(["PNG", "JPEG"], CodecLibrary.All.Select(l => l.Format));
        Assert.All(CodecLibrary.All, l => Assert.True(l.Available && l.FoundAs is not null, l.InstallHint));
    }
}
