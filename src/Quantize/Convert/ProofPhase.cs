using EdgeVit.Export;
using TorchSharp;

namespace EdgeVit.Quantize;

/// <summary>A packed model and what proves that it is what was trained.</summary>
internal sealed record ProvenModel(CertifiedModel Certified, ParityReport Report, Verification.Outcome Outcome);

/// <summary>Packs a conversion's student and holds the packed model against it.</summary>
internal static class ProofPhase
{
    /// <exception cref="ConvertException">The packed model does not compute what was trained.</exception>
    internal static ProvenModel Prove(RunContext run, ImageData data, BinaryViT student, LoweredModel lowered, string provenance)
    {
        run.Progress.Report(new PhaseStarted("check", "comparing the packed model with the simulator, measuring it on the test images"));
        (ParityReport? report, Verification.Outcome? outcome) = (null, null);
        CertifiedModel certified = CertifiedModel.Pack(
            () => lowered, run.Options.Floats,
            model => EvitWriter.ToBytes(model, data.Source.Preprocess, data.Source.Labels, provenance, run.Options.Seed),
            (candidate, values) =>
            {
                var verification = new Verification(student, candidate, torch.CPU, run.Progress, run.Cancel);
                using var check = new ParityCheck(candidate, values);
                verification.Layers(check, data.Source, data.Split.Held.Take(run.Options.ParityImages));
                outcome = verification.EndToEnd(check, data.Test, data.TestIndices);
                report = check.Report;
                return ParityCertificate.Of(
                    "convert", candidate, report, "the float simulator of the student that was trained", new CertificateImages(0, $"{data.Name} (validation, test)"),
                    predictions: (outcome.Same + outcome.Different, outcome.Same));
            },
            data.Unlabelled ? null : (exact, rounded) => Verification.Trial(exact, rounded, data.Source, data.Split.Held, run.Cancel));
        run.Folder.Write(RunFiles.Parity, report!.ToJson());
        Verification.Require(report, run.Folder.File(RunFiles.Parity));
        return new ProvenModel(certified, report, outcome!);
    }
}
