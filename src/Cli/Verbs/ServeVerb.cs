using System.CommandLine;

namespace EdgeVit.Cli;

/// <summary><c>edgevit serve</c>: answers over HTTP what is in a picture. The command checks the options and starts the server's own program, which
/// parses the same command line by this class.</summary>
internal sealed class ServeVerb : Verb
{
    private readonly Func<ServeSettings, Printer, int> _serve;
    private readonly Argument<string> _model = new("model.evit") { Description = "The model, or a run folder." };
    private readonly Option<int> _port = new("--port") { Description = "The port; 0 takes a free one.", DefaultValueFactory = _ => 8080 };
    private readonly Option<string> _listen = new("--listen")
    {
        Description = "The address; any but this machine's own loopback needs --token.",
        HelpName = "ADDRESS",
        DefaultValueFactory = _ => "127.0.0.1",
    };
    private readonly Option<string?> _token = new("--token") { Description = "A file with the word that clients must send: 'Authorization: Bearer WORD'.", HelpName = "FILE" };
    private readonly Option<int> _workers = new("--workers") { Description = "Images at the same time; 0 for one on each core." };
    private readonly Option<int> _threads = new("--threads") { Description = "Threads for one image.", DefaultValueFactory = _ => 1 };
    private readonly Option<int> _queue = new("--queue") { Description = "Requests that wait; more are sent away with 503.", DefaultValueFactory = _ => ServeSettings.UsualQueue };
    private readonly Option<int> _maxBytes = new("--max-bytes") { Description = "The largest image file, in bytes.", DefaultValueFactory = _ => ServeSettings.UsualMaxBytes };
    private readonly Option<long> _maxPixels = new("--max-pixels") { Description = "The largest image, in pixels; 0 for 50 million, or fewer where half of the memory does not hold them." };
    private readonly Option<string> _timeout = new("--timeout") { Description = "How long a request may take.", HelpName = "TIME", DefaultValueFactory = _ => "10s" };
    private readonly Option<int> _connections = new("--max-connections") { Description = "Connections at the same time.", DefaultValueFactory = _ => ServeSettings.UsualConnections };

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
            Address = ServeSettings.ParseAddress(arguments.GetRequiredValue(_listen)),
            Port = arguments.GetValue(_port),
            TokenFile = arguments.GetValue(_token),
            Workers = arguments.GetValue(_workers),
            Threads = arguments.GetValue(_threads),
            Queue = arguments.GetValue(_queue),
            MaxBytes = arguments.GetValue(_maxBytes),
            MaxPixels = arguments.GetValue(_maxPixels),
            Timeout = Duration.Parse("--timeout", arguments.GetRequiredValue(_timeout))!.Value,
            MaxConnections = arguments.GetValue(_connections),
        }.Check(),
        printer);
}
