import java.lang.reflect.Field;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import software.amazon.dynamodb.services.local.main.ServerRunner;
import software.amazon.dynamodb.services.local.server.DynamoDBProxyServer;

/**
 * Starts DynamoDB Local as its ServerRunner does, but at one address alone, which the property "address" names. It takes
 * any signature, and has no option for the interface that it listens on.
 */
public final class Loopback {
    private Loopback() {}

    public static void main(String[] args) throws Exception {
        DynamoDBProxyServer proxy = ServerRunner.createServerFromCommandLineArgs(args);
        Field server = DynamoDBProxyServer.class.getDeclaredField("server");
        server.setAccessible(true);
        Connector[] connectors = ((Server) server.get(proxy)).getConnectors();
        if (connectors.length == 0) {
            throw new IllegalStateException("DynamoDB Local has no connectors before it starts");
        }
        for (Connector connector : connectors) {
            ((ServerConnector) connector).setHost(System.getProperty("address"));
        }
        proxy.start();
        proxy.join();
    }
}
