package parley.socket;

import jakarta.websocket.DeploymentException;
import jakarta.websocket.server.ServerContainer;
import jakarta.websocket.server.ServerEndpointConfig;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.util.Map;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketFrameHandler;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketFrameHandlerFactory;
import org.eclipse.jetty.ee11.websocket.jakarta.common.JakartaWebSocketFrameHandlerMetadata;
import org.eclipse.jetty.ee11.websocket.jakarta.common.UpgradeRequestAdapter;
import org.eclipse.jetty.ee11.websocket.jakarta.server.JakartaWebSocketServerContainer;
import org.eclipse.jetty.websocket.core.FrameHandler;
import org.eclipse.jetty.websocket.core.util.InvokerUtils;
import org.eclipse.jetty.websocket.core.util.MethodHolder;

/**
 * Puts connections into the Jakarta container. What the container reads from the annotations of {@link SocketEndpoint} is
 * read once: its own way reads it for each connection, which is an eighth of a handshake, and keeps it. The endpoint knows
 * its user from its Admission, so that neither a path parameter nor the request has to be kept either.
 */
final class Endpoints {

    private static final String PATH = "/websocket/{userId}";

    private static final ServerEndpointConfig CONFIG =
            ServerEndpointConfig.Builder.create(SocketEndpoint.class, PATH).build();

    private static final UpgradeRequestAdapter NO_REQUEST =
            new UpgradeRequestAdapter(URI.create("/websocket/"), "/websocket/");

    private final JakartaWebSocketServerContainer container;
    private final MethodHolder open;
    private final MethodHolder close;
    private final MethodHolder error;

    Endpoints(ServerContainer serverContainer) {
        container = (JakartaWebSocketServerContainer) serverContainer;
        try {
            JakartaWebSocketFrameHandlerMetadata read =
                    container.getFrameHandlerFactory().getMetadata(SocketEndpoint.class, CONFIG);
            String[] parameters = read.getNamedTemplateVariables();
            open = withoutPath(read.getOpenHandle(), parameters);
            close = withoutPath(read.getCloseHandle(), parameters);
            error = withoutPath(read.getErrorHandle(), parameters);
        } catch (DeploymentException e) {
            throw new IllegalStateException("the container refuses the endpoint", e);
        }
    }

    private static MethodHolder withoutPath(MethodHandle method, String[] parameters) {
        return JakartaWebSocketFrameHandlerFactory.bindTemplateVariables(
                MethodHolder.from(method), parameters, Map.of("userId", ""));
    }

    FrameHandler frameHandler(SocketEndpoint endpoint) {
        FrameHandler handler = new JakartaWebSocketFrameHandler(
                container,
                NO_REQUEST,
                endpoint,
                InvokerUtils.bindTo(open, endpoint),
                InvokerUtils.bindTo(close, endpoint),
                InvokerUtils.bindTo(error, endpoint),
                null,
                null,
                null,
                CONFIG);
        return new ReceivedFrames(handler, endpoint);
    }
}
