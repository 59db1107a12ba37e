using System.Net.Sockets;
using EdgeVit.Cli;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace EdgeVit.Serve;

/// <summary>Kestrel with the bounds of a small machine, without the framework around it.</summary>
internal sealed class HttpServer : IDisposable
{
    private const int MaxHeaderBytes = 16 << 10, MaxHeaders = 64, MaxRequestLine = 4 << 10;
    private static readonly TimeSpan s_keepAlive = TimeSpan.FromSeconds(60);

    private readonly ServeSettings _settings;
    private readonly KestrelServer _server;

    public HttpServer(ServeSettings settings)
    {
        _settings = settings;
        var options = new KestrelServerOptions { AddServerHeader = false };
        KestrelServerLimits limits = options.Limits;
        limits.MaxConcurrentConnections = settings.MaxConnections;
        limits.MaxRequestBodySize = settings.MaxBytes + RequestImage.FormBytes;
        limits.MaxRequestHeadersTotalSize = MaxHeaderBytes;
        limits.MaxRequestHeaderCount = MaxHeaders;
        limits.MaxRequestLineSize = MaxRequestLine;
        limits.RequestHeadersTimeout = settings.Timeout;
        limits.KeepAliveTimeout = s_keepAlive;
        options.Listen(settings.Address, settings.Port, listen => listen.Protocols = HttpProtocols.Http1);
        _server = new KestrelServer(
            Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
    }

    /// <summary>Begins to listen and returns the address as clients write it.</summary>
    /// <exception cref="UserException">The port is taken, or the address is none of this machine's.</exception>
    public async Task<string> StartAsync(Application application)
    {
        try
        {
            await _server.StartAsync(application, CancellationToken.None);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new UserException($"port {_settings.Port} of {_settings.Address} is taken by another program. Stop that one, or take another:  --port 0 finds a free one.", inner: e);
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new UserException($"port {_settings.Port} may be opened by root only. Take one of 1024 or more, such as --port 8080.", inner: e);
        }
        catch (SocketException e)
        {
            throw new UserException($"{_settings.Address} cannot be listened on: {e.Message}. 'ip address' lists this machine's addresses.", inner: e);
        }

        return _server.Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    /// <summary>Takes no new connection and waits until all requests are answered, as long as the token allows.</summary>
    public Task StopAsync(CancellationToken cancellation) => _server.StopAsync(cancellation);

    public void Dispose() => _server.Dispose();
}
