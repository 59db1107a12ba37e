using System.CommandLine;
using System.Text.Json.Nodes;
using EdgeVit.Runtime;

namespace EdgeVit.Cli;

/// <summary><c>edgevit deploy</c>: brings a model and the tool onto a board by ssh, proves there that they compute the same bits, and switches.</summary>
internal sealed class DeployVerb : Verb
{
    private readonly Argument<string[]> _what = new("model.evit user@host") { Description = "The model, or a run folder, and the board; with --remove the board is enough.", HelpName = "model.evit user@host", Arity = new ArgumentArity(1, 2) };
    private readonly WholeOption<int?> _port = new("--port", 1, 65535) { Description = "The port of ssh. [default: what ssh's configuration says]" };
    private readonly InputOption<string?> _tool = new("--tool") { Description = "The tool for the board: an archive of ./publish.sh, or a folder. [default: the one in artifacts/release, else one that is made]", HelpName = "FILE|DIR" };
    private readonly ParsedOption<string> _folder = new("--folder", "an absolute path on the board, or one that begins with ~/", ParseFolder) { Description = "The folder on the board. [default: ~/.local/share/edgevit, with --service /opt/edgevit]", HelpName = "DIR" };
    private readonly Option<bool> _service = new("--service") { Description = "Run it as a systemd service that answers HTTP on the board; needs root there, or sudo without a password." };
    private readonly WholeOption<int> _servicePort = new("--service-port", 1, 65535) { Description = "The service's port on the board's loopback address.", DefaultValueFactory = _ => 8080 };
    private readonly Option<bool> _noBench = new("--no-bench") { Description = "Leave out the quick bench on the board." };
    private readonly InputOption<string[]> _against = new("--against") { Description = "Also measure there beside this ONNX file; ONNX Runtime is carried along and removed. May be repeated.", HelpName = "FILE.onnx", Arity = ArgumentArity.OneOrMore };
    private readonly Option<string?> _out = new("--out") { Description = "Where the result of the bench goes. [default: runs/deploy/HOST-DATE.json]", HelpName = "FILE.json" };
    private readonly Option<bool> _remove = new("--remove") { Description = "Take everything away again: service, unit, tool, models." };
    private readonly Option<bool> _overwrite = Replacement.Option();

    public DeployVerb() : base(
        "deploy",
        "Brings a model onto a board by ssh, proves it there, measures it, and runs it as a service.",
        "deploy models/cifar10.evit pi@raspberrypi.local",
        "deploy runs/demo pi@raspberrypi.local --service",
        "deploy pi@raspberrypi.local --remove")
    {
        AddAll(_what, _port, _tool, _folder, _service, _servicePort, _noBench, _against, _out, _overwrite, _remove);
    }

    public override IReadOnlyList<Combination> Combinations =>
    [
        Combination.Needs(_servicePort, "is the service's", _service),
        Combination.Excludes(_remove, "takes everything away", _tool, _noBench, _against, _out),
    ];

    protected override int Run(ParseResult arguments, Printer printer)
    {
        bool remove = arguments.GetValue(_remove);
        string[] what = arguments.GetRequiredValue(_what);
        if (what.Length == 1 && !remove)
        {
            throw new UserException("deploy needs a model and a board: deploy model.evit user@host. With --remove the board is enough.", ExitCode.Usage);
        }

        DeployOptions options = Read(arguments, BoardAddress.Parse(what[^1], arguments.GetValue(_port)));
        if (!remove)
        {
            ModelPath.RefusePipe(what[0]);
        }

        using var interruption = new Interruption(() => printer.Say("stopping; clearing away what was sent ..."), saves: true);
        using var ssh = new SshSession(options.Address, asks: !Console.IsInputRedirected && !Console.IsErrorRedirected);
        if (remove)
        {
            printer.Object(new Removal(options, ssh, printer, interruption.Token).Run());
            return ExitCode.Ok;
        }

        string path = ModelPath.Resolve(what[0]);
        using EvitModel model = EvitModel.Open(path);
        JsonObject done = new Deployment(options, ssh, printer, interruption.Token).Run(path, model);
        printer.Object(done);
        Print(done, options, printer);
        return ExitCode.Ok;
    }

    private DeployOptions Read(ParseResult arguments, BoardAddress address)
    {
        string[] against = arguments.GetValue(_against) ?? [];
        if (against.FirstOrDefault(f => !File.Exists(f)) is { } absent)
        {
            throw new UserException($"--against {absent}: no such file.");
        }

        string? target = arguments.GetValue(_out);
        if (target is not null && (Directory.Exists(target) || Path.EndsInDirectorySeparator(target)))
        {
            throw new UserException($"--out {target} is a folder. Name a file in it.", ExitCode.Usage);
        }

        if (target is not null)
        {
            Replacement.Check(_out.Name, target, arguments.GetValue(_overwrite));
        }

        return new DeployOptions
        {
            Address = address,
            Tool = arguments.GetValue(_tool),
            Folder = arguments.GetValue(_folder) ?? "",
            Service = arguments.GetValue(_service),
            ServicePort = arguments.GetValue(_servicePort),
            Bench = !arguments.GetValue(_noBench),
            Against = against,
            Out = target,
        };
    }

    private static string? ParseFolder(string text) =>
        text.Any(char.IsControl) || text.Trim('/').Length == 0 || !(text[0] == '/' || text.StartsWith("~/", StringComparison.Ordinal)) ? null : text.TrimEnd('/');

    private static void Print(JsonObject done, DeployOptions options, Printer printer)
    {
        string folder = (string)done["folder"]!, version = (string)done["version"]!;
        string former = (string?)done["former"] is not { } name ? "none" : name == version ? "the same" : name;
        var table = new TextTable(null, "", "")
            .Add("board", $"{options.Address}, {(string?)done["board"]!["board"] ?? (string?)done["board"]!["machine"]}")
            .Add("version", $"{version} in {folder} (before: {former})")
            .Add("proven", $"{(int?)done["proof"]!["images"]} pictures with the same logits and labels{((bool?)done["selftest"]?["passed"] == true ? ", self-test passed" : "")}");
        if (done["bench"] is { } bench)
        {
            table.Add("bench", $"{(string?)bench["headline"]}").Add("", $"{(string?)bench["path"]}");
        }

        if (done["against"] is { } against)
        {
            table.Add("against", (string)against["path"]!);
        }

        if (done["service"] is { } service)
        {
            table.Add("service", $"edgevit.service is active on port {(int?)service["port"]} ({((string?)service["health"] == "answered" ? "/healthz answered" : "the board has no curl, wget or bash to ask /healthz with")})");
        }

        printer.Data(table);
        printer.Data(done["service"] is null
            ? $"try it:  ssh {options.Address.Target} {Remote($"{folder}/current/{ToolPackage.Program}")} run {Remote($"{folder}/current/{Payload.Model}")} PICTURE"
            : $"try it:  ssh -L {(int?)done["service"]!["port"]}:127.0.0.1:{(int?)done["service"]!["port"]} {options.Address.Target}");
    }

    // For this machine's shell and then the board's.
    private static string Remote(string path) => ShellQuote.Word(path) is var there && there == path ? path : ShellQuote.Word(there);
}
