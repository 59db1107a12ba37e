using EdgeVit.Cli;

return CommandTree.Run(
    args,
    [new ConvertVerb(), new ImportVerb(), new ExportVerb(), new InspectVerb(), new RunVerb(), new ValidateVerb(), new BenchVerb(), new ReportVerb(), new DeployVerb(), new DoctorVerb()]);
