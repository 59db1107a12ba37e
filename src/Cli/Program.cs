return EdgeVit.Cli.CommandTree.Run(args);
