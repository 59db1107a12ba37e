using System.Net;
using Microsoft.AspNetCore.Http;

namespace EdgeVit.Serve;

/// <summary>Who may ask.</summary>
/// <param name="listen">The address that is listened on.</param>
/// <param name="token">The word to be sent; null where none is asked for.</param>
internal sealed class AccessRules(IPAddress listen, AccessToken? token)
{
    private readonly string[]? _hosts = IPAddress.IsLoopback(listen) ? ["localhost", "127.0.0.1", "[::1]", listen.ToString()] : null;

    /// <summary>A page in a browser on this machine can have its own name resolve to the loopback address: what calls this server by another name
    /// than this machine's is not meant for it.</summary>
    /// <exception cref="HttpFailure">403.</exception>
    public void CheckHost(HttpRequest request)
    {
        string host = request.Host.Host;
        if (_hosts is not null && host.Length > 0 && !_hosts.Contains(host, StringComparer.OrdinalIgnoreCase))
        {
            throw new HttpFailure(StatusCodes.Status403Forbidden, "this server answers to localhost, 127.0.0.1 and [::1] only; the Host header says another name.");
        }
    }

    /// <summary>Asks for the token where there is one.</summary>
    /// <exception cref="HttpFailure">401.</exception>
    public void CheckToken(HttpRequest request)
    {
        if (token is null || token.Fits(request.Headers.Authorization))
        {
            return;
        }

        throw new HttpFailure(
            StatusCodes.Status401Unauthorized, request.Headers.Authorization.Count == 0 ? "this server asks for its token: send 'Authorization: Bearer TOKEN'." : "the token is not this server's.")
        {
            Header = ("WWW-Authenticate", "Bearer"),
        };
    }
}
