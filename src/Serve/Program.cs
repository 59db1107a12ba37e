using EdgeVit.Cli;
using EdgeVit.Serve;

return CommandTree.Run(["serve", .. args], [new ServeVerb(Server.Run)]);
