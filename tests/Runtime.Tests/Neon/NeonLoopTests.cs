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
        CheckProcess.Run(["check", networks.Folder, "--threads", "1"], ("DOTNET_JitDisasm", "EdgeVit.Runtime.Neon*:* EdgeVit.Runtime.WeightTables:* EdgeVit.Runtime.EpilogueKernel*:*"), ("DOTNET_JitStdOutFile", path)).Expect(0);
        string listing = File.ReadAllText(path);
        Assert.Empty(NeonLoops.Faults(listing));

        // The check can fail: on this very code with one instruction spoiled.
        Assert.Contains(NeonLoops.Faults(listing.Replace("uadalp ", "nop ", StringComparison.Ordinal)), f => f.StartsWith("NeonBitKernel.Four", StringComparison.Ordinal));
    }

    [Fact]
    public void TheLoopsForAnotherWidthDoNotTakeTheirPlace()
    {
        const string Listing = """
            ; Assembly listing for method EdgeVit.Runtime.EpilogueKernel`2[EdgeVit.Runtime.Lanes128,System.Runtime.Intrinsics.Vector128`1[float]]:Branch(ptr,uint,int) (Tier0)
            G_M1_IG01:  ;; offset=0x0000
                        fmul    v0.4s, v1.4s, v2.4s
                        cbnz    w4, G_M1_IG01
            ; Total bytes of code 8
            ; Assembly listing for method EdgeVit.Runtime.EpilogueKernel`2[EdgeVit.Runtime.Lanes128,System.Runtime.Intrinsics.Vector128`1[float]]:Branch(ptr,uint,int) (FullOpts)
            G_M1_IG01:  ;; offset=0x0000
                        fmla    v0.4s, v1.4s, v2.4s
                        cbnz    w4, G_M1_IG01
            ; Total bytes of code 8
            ; Assembly listing for method EdgeVit.Runtime.EpilogueKernel`2[EdgeVit.Runtime.Lanes1,float]:Branch(ptr,uint,int) (FullOpts)
            G_M1_IG01:  ;; offset=0x0000
                        fmadd   s0, s1, s2, s0
                        cbnz    w4, G_M1_IG01
            ; Total bytes of code 8
            """;
        IReadOnlyList<InnerLoop> loops = JitListing.InnerLoops(Listing);
        Assert.All(loops, l => Assert.Equal("EpilogueKernel`2.Branch", l.Method));
        Assert.Equal(["fmla", "fmadd"], loops.Select(l => l.Instructions[0].Split(' ')[0]));
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
