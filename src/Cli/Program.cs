using EdgeVit.Cli;

string[] arguments = CommandTree.VerbFirst(args);
return CommandTree.Run(arguments, VerbTable.Create((settings, printer) => ServeProgram.Start(settings, arguments[1..], printer)));
