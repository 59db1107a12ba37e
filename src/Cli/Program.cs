using EdgeVit.Cli;

return CommandTree.Run(
    args,
    [new ConvertVerb(), new ImportVerb(), new ExportVerb(), new InspectVerb(), new RunVerb(), new ValidateVerb(), new BenchVerb(), new ReportVerb(), new ServeVerb(ServeProgram.Start), new DeployVerb(), new DoctorVerb()]);
