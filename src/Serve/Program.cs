using EdgeVit.Cli;
using EdgeVit.Serve;

#if ONE_PROGRAM
return CommandTree.Run(CommandTree.VerbFirst(args), VerbTable.Create(Server.Run));
#else
return CommandTree.Run(["serve", .. args], [new ServeVerb(Server.Run)]);
#endif
