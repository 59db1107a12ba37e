using System.Runtime.CompilerServices;
using EdgeVit.Runtime;

namespace EdgeVit.Export;

/// <summary>How the floats of a model shall be stored.</summary>
public enum FloatPolicy
{
    /// <summary>In 16 bits where the certificate holds and there is something to save (<see cref="CertifiedModel.WorthRounding"/>), else exact.</summary>
    Auto,

    /// <summary>In 16 bits where the certificate holds.</summary>
    F16,

    /// <summary>Exact.</summary>
    F32,
}

/// <summary>A packed model that carries its certificate.</summary>
/// <param name="Bytes">The file.</param>
/// <param name="File">The same, read back.</param>
/// <param name="Certificate">What was compared; it may say that the check failed.</param>
public sealed record CertifiedModel(byte[] Bytes, EvitFile File, ParityCertificate Certificate)
{
    /// <summary>Models with fewer bytes of floats than this stay exact under <see cref="FloatPolicy.Auto"/>: nothing that anyone would miss could be
    /// saved.</summary>
    public const long WorthRounding = 1_000_000;

    // Rounding more saves more; the first choice whose certificate holds is taken, and the last is exact.
    private static readonly FloatGroups[] s_choices = [FloatGroups.All, FloatGroups.Tables | FloatGroups.Affines, FloatGroups.Tables, FloatGroups.None];

    /// <summary>Packs a model: chooses how floats are stored and lets every choice be checked, on the packed file, until one passes.</summary>
    /// <param name="lower">Gives the model with exact floats; asked again for every choice, so that it need not be kept.</param>
    /// <param name="policy">What may be chosen.</param>
    /// <param name="pack">Writes the model that it is given into a file's bytes, see <see cref="EvitWriter"/>.</param>
    /// <param name="certify">Checks a file.</param>
    public static CertifiedModel Pack(
        Func<LoweredModel> lower, FloatPolicy policy, Func<Func<LoweredModel>, byte[]> pack, Func<EvitFile, ParityCertificate> certify)
    {
        ArgumentNullException.ThrowIfNull(lower);
        ArgumentNullException.ThrowIfNull(pack);
        ArgumentNullException.ThrowIfNull(certify);
        var models = new Models(lower);
        FloatGroups[] choices = policy == FloatPolicy.F32 || (policy == FloatPolicy.Auto && models.FloatBytes() < WorthRounding) ? [FloatGroups.None] : s_choices;
        foreach (FloatGroups groups in choices)
        {
            byte[] packed = pack(() => models.Take(groups));
            LargeArrays.Release();
            ParityCertificate certificate = certify(EvitFile.Parse(packed));
            if (!certificate.Passed && groups != choices[^1])
            {
                continue;
            }

            LargeArrays.Release();
            byte[] bytes = EvitWriter.WithCertificate(packed, certificate.ToJson());
            return new CertifiedModel(bytes, EvitFile.Parse(bytes), certificate);
        }
        throw new InvalidOperationException("there is always a last choice");
    }

    /// <summary>Makes the model for each choice. The first one is looked at before there is a choice, and kept until it is taken; no local of a method
    /// that goes on holds any.</summary>
    private sealed class Models(Func<LoweredModel> lower)
    {
        private LoweredModel? _first;

        [MethodImpl(MethodImplOptions.NoInlining)]
        public long FloatBytes()
        {
            _first = lower();
            return _first.Tensors.Values.Where(t => t.Type == StoredType.F32).Sum(t => (long)t.Bytes.Length);
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        public LoweredModel Take(FloatGroups groups)
        {
            LoweredModel model = _first ?? lower();
            _first = null;
            LargeArrays.Release();
            return HalfFloats.Store(model, groups);
        }
    }
}
