namespace EdgeVit.Cli;

/// <summary>All verbs, in the order of the help.</summary>
internal static class VerbTable
{
    /// <summary>Makes them; <paramref name="serve"/> is what happens with the settings of <c>serve</c>.</summary>
    public static Verb[] Create(Func<ServeSettings, Printer, int> serve) =>
    [
        new ConvertVerb(), new ImportVerb(), new ExportVerb(), new InspectVerb(), new RunVerb(), new ValidateVerb(), new ExplainVerb(), new BenchVerb(),
        new ReportVerb(), new ServeVerb(serve), new DeployVerb(), new DoctorVerb(),
    ];
}
