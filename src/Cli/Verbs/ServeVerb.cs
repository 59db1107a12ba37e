using System.CommandLine;
using System.Net;

namespace EdgeVit.Cli;

/// <summary><c>edgevit serve</c>: answers over HTTP what is in a picture. The command checks the options and starts the server's own program, which
/// parses the same command line by this class.</summary>
internal sealed class ServeVerb : Verb
{
    private readonly Func<ServeSettings, Printer, int> _serve;
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly WholeOption<int> _port = new("--port", 0, 65535) { Description = "The port; 0 takes a free one.", DefaultValueFactory = _ => 8080 };
    private readonly ParsedOption<IPAddress> _listen = new("--listen", "an address of this machine such as 192.168.1.20, or 0.0.0.0 (IPv4) or :: (all) for every one", ParseAddress)
    {
        Description = "The address; any but this machine's own loopback needs --token. [default: 127.0.0.1]",
        HelpName = "ADDRESS",
    };
    private readonly Option<string?> _token = new("--token") { Description = "A file with the word that clients must send: 'Authorization: Bearer WORD'.", HelpName = "FILE" };
    private readonly WholeOption<int> _workers = new("--workers", 0, ServeSettings.MostWorkers) { Description = "Images at the same time; 0 for one on each core." };
    private readonly WholeOption<int> _threads = new("--threads", 1, Threads.OfMachine) { Description = "Threads for one image.", DefaultValueFactory = _ => 1 };
    private readonly WholeOption<int> _queue = new("--queue", 1, ServeSettings.MostQueued) { Description = "Requests that wait; more are sent away with 503.", DefaultValueFactory = _ => ServeSettings.UsualQueue };
    private readonly WholeOption<int> _maxBytes = new("--max-bytes", 1, ServeSettings.MostBytes) { Description = "The largest image file, in bytes.", DefaultValueFactory = _ => ServeSettings.UsualMaxBytes };
    private readonly WholeOption<long> _maxPixels = new("--max-pixels", 0, ServeSettings.MostPixels) { Description = "The largest image, in pixels; 0 for 50 million, or fewer where half of the memory does not hold them." };
    private readonly TimeOption _timeout = new("--timeout", "0.01s", "24h") { Description = "How long a request may take. [default: 10s]" };
    private readonly WholeOption<int> _connections = new("--max-connections", 1, ServeSettings.MostConnections) { Description = "Connections at the same time.", DefaultValueFactory = _ => ServeSettings.UsualConnections };

    /// <summary>Declares the verb; <paramref name="serve"/> is what happens with the settings.</summary>
    public ServeVerb(Func<ServeSettings, Printer, int> serve) : base(
        "serve",
        "Answers over HTTP: POST /classify with an image, GET /healthz, GET /metrics.",
        "serve runs/demo/model.evit",
        "serve runs/demo --port 9000",
        "serve runs/demo --listen 0.0.0.0 --token token.txt")
    {
        _serve = serve;
        AddAll(_model, _port, _listen, _token, _workers, _threads, _queue, _maxBytes, _maxPixels, _timeout, _connections);
    }

    protected override int Run(ParseResult arguments, Printer printer) => _serve(
        new ServeSettings
        {
            Model = arguments.GetRequiredValue(_model),
            Address = arguments.GetValue(_listen) ?? IPAddress.Loopback,
            Port = arguments.GetValue(_port),
            TokenFile = arguments.GetValue(_token),
            Workers = arguments.GetValue(_workers),
            Threads = arguments.GetValue(_threads),
            Queue = arguments.GetValue(_queue),
            MaxBytes = arguments.GetValue(_maxBytes),
            MaxPixels = arguments.GetValue(_maxPixels),
            Timeout = arguments.GetValue(_timeout) ?? ServeSettings.UsualTimeout,
            MaxConnections = arguments.GetValue(_connections),
        }.Check(),
        printer);

    private static IPAddress? ParseAddress(string text) =>
        text.Equals("localhost", StringComparison.OrdinalIgnoreCase) ? IPAddress.Loopback : (text.Contains(':', StringComparison.Ordinal) || text.Split('.').Length == 4) && IPAddress.TryParse(text, out IPAddress? address) ? address : null;
}
