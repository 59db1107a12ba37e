using System.Runtime.Intrinsics.Arm;
using EdgeVit.Runtime.Tests.Processes;

namespace EdgeVit.Runtime.Tests.Neon;

/// <summary>The machine code that the JIT makes of the NEON kernels.</summary>
public sealed class NeonLoopTests(WrittenNetworks networks) : IClassFixture<WrittenNetworks>
{
    [Fact]
    public void TheInnerLoopsAreMadeOfTheInstructionsMeant()
    {
        Assert.SkipUnless(AdvSimd.Arm64.IsSupported, "the JIT makes NEON code on ARM only; tests/arm64.sh runs this test under an emulator");
        string path = Path.Combine(networks.Folder, "listing");
        CheckProcess.Run(["check", networks.Folder, "--threads", "1"], ("DOTNET_JitDisasm", "EdgeVit.Runtime.Neon*:*"), ("DOTNET_JitStdOutFile", path)).Expect(0);
        string listing = File.ReadAllText(path);
        Assert.Empty(NeonLoops.Faults(listing, Dp.IsSupported));

        // The check can fail: on this very code with one instruction spoiled.
        Assert.Contains(NeonLoops.Faults(listing.Replace("uadalp ", "nop ", StringComparison.Ordinal), Dp.IsSupported), f => f.StartsWith("NeonBitKernel.Four", StringComparison.Ordinal));
    }

    [Fact]
    public void InnerLoopsAreFoundInAListing()
    {
        const string Listing = """
            ; Assembly listing for method EdgeVit.Runtime.NeonBitKernel:Four(ulong,ulong):this (FullOpts)
            G_M1_IG01:  ;; offset=0x0000
                        stp     fp, lr, [sp, #-0x10]!
            G_M1_IG02:  ;; offset=0x0004
                        mov     w3, wzr
            G_M1_IG03:  ;; offset=0x0008
                        cnt     v16.16b, v16.16b
                        cmp     w3, w2
                        blt     G_M1_IG03
                        bl      [EdgeVit.Runtime.BitKernel:Other()]
                        cbnz    w4, G_M1_IG02
                        ret     lr
            ; Total bytes of code 32
            """;
        InnerLoop loop = Assert.Single(JitListing.InnerLoops(Listing));
        Assert.Equal("NeonBitKernel.Four", loop.Method);
        Assert.Equal(["cnt v16.16b, v16.16b", "cmp w3, w2", "blt G_M1_IG03"], loop.Instructions);
        Assert.True(loop.Has("cnt"));
        Assert.False(loop.Has("bl"));
        (var key, string[] code) = Assert.Single(JitListing.Methods(Listing));
        Assert.Equal(("NeonBitKernel.Four", 32), key);
        Assert.Equal(8, code.Length);
        Assert.Equal(("blt @2", "cbnz w4, @1"), (code[4], code[6]));
    }
}
