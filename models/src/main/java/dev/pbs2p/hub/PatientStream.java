package dev.pbs2p.hub;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;

/// A stream of the network that gives up, with an [IOException], where nothing comes for some time.
final class PatientStream extends FilterInputStream {

    private final Duration patience;
    private volatile boolean gaveUp;

    /// @param in wakes up a reader when another thread closes it
    PatientStream(InputStream in, Duration patience) {
        super(in);
        this.patience = patience;
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
        Thread alarm = Thread.startVirtualThread(this::giveUpLater);
        try {
            return in.read(bytes, offset, length);
        } catch (IOException e) {
            throw gaveUp ? new IOException("nothing came for " + patience.toSeconds() + " s", e) : e;
        } finally {
            alarm.interrupt();
        }
    }

    private void giveUpLater() {
        try {
            Thread.sleep(patience);
            gaveUp = true;
            in.close();
        } catch (InterruptedException | IOException e) {
            // Something came, or the reader hears of it.
        }
    }
}
