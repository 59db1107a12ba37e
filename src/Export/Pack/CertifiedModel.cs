using System.Runtime.CompilerServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>How the floats of a model shall be stored.</summary>
internal enum FloatPolicy
{
    /// <summary>Exact, unless labelled images show that nothing is lost by 16 bits (<see cref="FloatTrial"/>) and there is something to save
    /// (<see cref="CertifiedModel.WorthRounding"/>).</summary>
    Auto,

    /// <summary>In 16 bits where the certificate holds.</summary>
    F16,

    /// <summary>Exact.</summary>
    F32,

    /// <summary>As the model has them.</summary>
    AsTheyAre,
}

/// <summary>A packed model that carries its certificate, which may say that the check failed. <c>File</c> is the same, read back.</summary>
internal sealed record CertifiedModel(byte[] Bytes, EvitFile File, ParityCertificate Certificate)
{
    /// <summary>Models with fewer bytes of floats than this stay exact under <see cref="FloatPolicy.Auto"/>: nothing that anyone would miss could be
    /// saved.</summary>
    public const long WorthRounding = 1_000_000;

    // Rounding more saves more.
    private static readonly FloatGroups[] s_rounded = [FloatGroups.All, FloatGroups.Tables];

    /// <summary>Packs a model: moves its constants, chooses how floats are stored, and has the packed file checked.</summary>
    /// <param name="lower">Gives the model with exact floats; asked again for every choice, so that it need not be kept.</param>
    /// <param name="policy">What may be chosen.</param>
    /// <param name="pack">Writes the model that it is given into a file's bytes, see <see cref="EvitWriter"/>.</param>
    /// <param name="certify">Checks a file, given the values that differ from the lowered model's, see <see cref="FoldedModel.Values"/>.</param>
    /// <param name="trial">Lets a file with exact floats (first) and one with rounded floats predict labelled images; null where there are
    /// none.</param>
    public static CertifiedModel Pack(
        Func<LoweredModel> lower, FloatPolicy policy, Func<Func<LoweredModel>, byte[]> pack,
        Func<EvitFile, IReadOnlyDictionary<string, FoldedValue>, ParityCertificate> certify, Func<EvitFile, EvitFile, FloatTrial>? trial = null)
    {
        var models = new Models(lower);
        (FloatGroups[] choices, string reason) = policy switch
        {
            FloatPolicy.F32 => ([], "asked for"),
            FloatPolicy.AsTheyAre => ([], "as they were"),
            FloatPolicy.F16 => (s_rounded, "asked for"),
            _ when trial is null => ([], "exact, as no labelled images could show that 16 bits lose nothing"),
            _ when models.FloatBytes() < WorthRounding => ([], "exact, as less than 1 MB of floats is not worth rounding"),
            _ => (s_rounded, ""),
        };
        byte[]? exact = null;
        foreach (FloatGroups groups in choices)
        {
            byte[] rounded = Packed(models, groups, pack);
            var file = EvitFile.Parse(rounded);
            if (trial is not null)
            {
                exact ??= Packed(models, FloatGroups.None, pack);
                FloatTrial found = trial(EvitFile.Parse(exact), file);
                reason = policy == FloatPolicy.F16 ? $"asked for; {found}" : found.ToString();
                if (policy == FloatPolicy.Auto && !found.NothingIsLost)
                {
                    continue;
                }
            }

            ParityCertificate certificate = certify(file, models.Values) with { FloatsReason = reason };
            if (certificate.Passed)
            {
                return Sealed(rounded, certificate);
            }

            reason = "exact, as the certificate does not hold for 16 bits";
        }

        exact ??= Packed(models, FloatGroups.None, pack);
        return Sealed(exact, certify(EvitFile.Parse(exact), models.Values) with { FloatsReason = reason });
    }

    private static byte[] Packed(Models models, FloatGroups groups, Func<Func<LoweredModel>, byte[]> pack)
    {
        byte[] packed = pack(() => models.Take(groups));
        LargeArrays.Release();
        return packed;
    }

    private static CertifiedModel Sealed(byte[] packed, ParityCertificate certificate)
    {
        LargeArrays.Release();
        byte[] bytes = EvitWriter.WithCertificate(packed, certificate.ToJson());
        return new CertifiedModel(bytes, EvitFile.Parse(bytes), certificate);
    }

    /// <summary>Makes the model for each choice. The first one is looked at before there is a choice, and kept until it is taken; no local of a
    /// method that goes on holds any.</summary>
    private sealed class Models(Func<LoweredModel> lower)
    {
        private LoweredModel? _first;

        /// <summary>Of the model taken last.</summary>
        public IReadOnlyDictionary<string, FoldedValue> Values { get; private set; } = new Dictionary<string, FoldedValue>();

        [MethodImpl(MethodImplOptions.NoInlining)]
        public long FloatBytes()
        {
            _first = lower();
            return _first.Tensors.Values.Where(t => t.Type == StoredType.F32).Sum(t => (long)t.Bytes.Length);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public LoweredModel Take(FloatGroups groups)
        {
            var folded = FoldedModel.Of(_first ?? lower());
            _first = null;
            Values = folded.Values;
            LargeArrays.Release();
            return HalfFloats.Store(folded.Model, groups);
        }
    }
}
