// Makes and reads messages with Bouncy Castle: a list of tasks, one in each line, words
// between tabs. Each is answered by a line: empty, or what the library says.

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Security;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.security.spec.MGF1ParameterSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.OAEPParameterSpec;
import javax.crypto.spec.PSource;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERSet;
import org.bouncycastle.asn1.cms.Attribute;
import org.bouncycastle.asn1.cms.AttributeTable;
import org.bouncycastle.asn1.cms.CMSObjectIdentifiers;
import org.bouncycastle.asn1.cms.ContentInfo;
import org.bouncycastle.asn1.cms.GCMParameters;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaCertStore;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.cms.*;
import org.bouncycastle.cms.jcajce.*;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.bouncycastle.operator.InputAEADDecryptor;
import org.bouncycastle.operator.OutputAEADEncryptor;
import org.bouncycastle.operator.jcajce.JcaAlgorithmParametersConverter;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.operator.jcajce.JcaDigestCalculatorProviderBuilder;

public final class BouncyCastle {
    /** So that content of a few kilobytes already has several segments. */
    private static final int SEGMENT = 1000;

    private static final Map<String, X509Certificate> CERTIFICATES = new HashMap<>();
    private static final Map<String, PrivateKey> KEYS = new HashMap<>();

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        StringBuilder answers = new StringBuilder();
        for (String line : Files.readAllLines(Path.of(arguments[0]))) {
            answers.append(answer(line.split("\t"))).append('\n');
        }
        System.out.print(answers);
    }

    private static String answer(String[] task) {
        try {
            byte[] input = Files.readAllBytes(Path.of(task[0]));
            String[] rest = Arrays.copyOfRange(task, 3, task.length);
            byte[] output = switch (task[2]) {
                case "sign" -> sign(input, rest);
                case "encrypt" -> encrypt(input, rest);
                case "compress" -> compress(input, rest[0].equals("DER"));
                case "verify" -> verify(input, rest);
                case "decrypt" -> decrypt(input, rest);
                case "expand" -> expand(input);
                default -> throw new IllegalArgumentException(task[2]);
            };
            Files.write(Path.of(task[1]), output);
            return "";
        } catch (Throwable thrown) {
            return words(thrown);
        }
    }

    /** The names and messages of an exception and of what caused it. */
    private static String words(Throwable thrown) {
        List<String> found = new ArrayList<>();
        for (Throwable one = thrown; one != null; one = one.getCause()) {
            found.add(one.getClass().getSimpleName() + ": " + one.getMessage());
        }
        return String.join("; ", found).replaceAll("\\s+", " ");
    }

    private static byte[] sign(byte[] content, String[] task) throws Exception {
        boolean isDer = task[0].equals("DER");
        X509Certificate certificate = certificate(task[1]);
        var signer = new JcaContentSignerBuilder(task[3]).setProvider("BC").build(key(task[2]));
        var digests = new JcaDigestCalculatorProviderBuilder().setProvider("BC").build();
        var builder = new JcaSignerInfoGeneratorBuilder(digests);
        boolean byKeyId = task[5].equals("yes");
        SignerInfoGenerator info = byKeyId
                ? builder.build(signer, keyId(certificate))
                : builder.build(signer, certificate);
        boolean isOpaque = task[4].equals("yes");
        boolean isAlong = task[6].equals("yes");
        var store = new JcaCertStore(List.of(certificate));
        if (isDer) {
            var generator = new CMSSignedDataGenerator();
            generator.addSignerInfoGenerator(info);
            if (isAlong) generator.addCertificates(store);
            var signed = generator.generate(new CMSProcessableByteArray(content), isOpaque);
            return signed.toASN1Structure().getEncoded(ASN1Encoding.DER);
        }
        var generator = new CMSSignedDataStreamGenerator();
        generator.setBufferSize(SEGMENT);
        generator.addSignerInfoGenerator(info);
        if (isAlong) generator.addCertificates(store);
        return written(content, sink -> generator.open(sink, isOpaque));
    }

    private static byte[] encrypt(byte[] content, String[] task) throws Exception {
        boolean isDer = task[0].equals("DER");
        ASN1ObjectIdentifier cipher = field(task[1]);
        boolean hasAttributes = task[2].equals("yes");
        var recipients = recipients(task);
        var encryptor = new JceCMSContentEncryptorBuilder(cipher).setProvider("BC").build();
        if (task[1].endsWith("_CBC")) {
            if (isDer) {
                var generator = new CMSEnvelopedDataGenerator();
                recipients.forEach(generator::addRecipientInfoGenerator);
                var typed = new CMSProcessableByteArray(content);
                var enveloped = generator.generate(typed, encryptor);
                return enveloped.toASN1Structure().getEncoded(ASN1Encoding.DER);
            }
            var generator = new CMSEnvelopedDataStreamGenerator();
            generator.setBufferSize(SEGMENT);
            recipients.forEach(generator::addRecipientInfoGenerator);
            return written(content, sink -> generator.open(sink, encryptor));
        }
        var authenticating = (OutputAEADEncryptor) encryptor;
        CMSAttributeTableGenerator attributes = parameters -> {
            var type = (ASN1ObjectIdentifier) parameters.get(CMSAttributeTableGenerator.CONTENT_TYPE);
            type = type == null ? PKCSObjectIdentifiers.data : type;
            return new AttributeTable(new DERSet(
                    new Attribute(PKCSObjectIdentifiers.pkcs_9_at_contentType, new DERSet(type))));
        };
        // There is no generator for streams; what it writes is BER all the same.
        var generator = new CMSAuthEnvelopedDataGenerator();
        recipients.forEach(generator::addRecipientInfoGenerator);
        if (hasAttributes) generator.setAuthenticatedAttributeGenerator(attributes);
        var typed = new CMSProcessableByteArray(content);
        var structure = generator.generate(typed, authenticating).toASN1Structure();
        return isDer ? structure.getEncoded(ASN1Encoding.DER) : structure.getEncoded();
    }

    private static List<RecipientInfoGenerator> recipients(String[] task) throws Exception {
        boolean byKeyId = task[3].equals("yes");
        List<RecipientInfoGenerator> found = new ArrayList<>();
        for (String file : Arrays.copyOfRange(task, 8, task.length)) {
            X509Certificate certificate = certificate(file);
            found.add(task[7].equals("-")
                    ? agreement(certificate, byKeyId, task[4], task[5], task[6])
                    : transport(certificate, byKeyId, task[7]));
        }
        return found;
    }

    private static RecipientInfoGenerator transport(
            X509Certificate certificate, boolean byKeyId, String way) throws Exception {
        PublicKey key = certificate.getPublicKey();
        if (way.equals("PKCS1")) {
            return byKeyId
                    ? new JceKeyTransRecipientInfoGenerator(keyId(certificate), key).setProvider("BC")
                    : new JceKeyTransRecipientInfoGenerator(certificate).setProvider("BC");
        }
        var parameters = new OAEPParameterSpec(
                way, "MGF1", new MGF1ParameterSpec(way), PSource.PSpecified.DEFAULT);
        var algorithm = new JcaAlgorithmParametersConverter()
                .getAlgorithmIdentifier(PKCSObjectIdentifiers.id_RSAES_OAEP, parameters);
        return byKeyId
                ? new JceKeyTransRecipientInfoGenerator(keyId(certificate), algorithm, key)
                        .setProvider("BC")
                : new JceKeyTransRecipientInfoGenerator(certificate, algorithm).setProvider("BC");
    }

    private static RecipientInfoGenerator agreement(
            X509Certificate certificate, boolean byKeyId, String kdf, String wrap, String ukm)
            throws Exception {
        PublicKey key = certificate.getPublicKey();
        KeyPairGenerator pairs;
        if (key instanceof ECPublicKey onCurve) {
            pairs = KeyPairGenerator.getInstance("EC", "BC");
            pairs.initialize(onCurve.getParams());
        } else {
            pairs = KeyPairGenerator.getInstance(key.getAlgorithm(), "BC");
        }
        KeyPair pair = pairs.generateKeyPair();
        var generator = new JceKeyAgreeRecipientInfoGenerator(
                field(kdf), pair.getPrivate(), pair.getPublic(), field(wrap));
        generator.setProvider("BC");
        if (!ukm.equals("-")) {
            generator.setUserKeyingMaterial(HexFormat.of().parseHex(ukm));
        }
        if (byKeyId) {
            generator.addRecipient(keyId(certificate), key);
        } else {
            generator.addRecipient(certificate);
        }
        return generator;
    }

    private static byte[] compress(byte[] content, boolean isDer) throws Exception {
        var compressor = new ZlibCompressor();
        if (isDer) {
            var compressed = new CMSCompressedDataGenerator()
                    .generate(new CMSProcessableByteArray(content), compressor);
            return ContentInfo.getInstance(compressed.toASN1Structure())
                    .getEncoded(ASN1Encoding.DER);
        }
        var generator = new CMSCompressedDataStreamGenerator();
        generator.setBufferSize(SEGMENT);
        return written(content, sink -> generator.open(sink, compressor));
    }

    private static byte[] verify(byte[] message, String[] task) throws Exception {
        X509Certificate certificate = certificate(task[0]);
        byte[] content = task.length > 1 ? Files.readAllBytes(Path.of(task[1])) : null;
        var signed = content == null
                ? new CMSSignedData(message)
                : new CMSSignedData(new CMSProcessableByteArray(content), message);
        Collection<SignerInformation> signers = signed.getSignerInfos().getSigners();
        if (signers.size() != 1) throw new CMSException(signers.size() + " signers");
        SignerInformation signer = signers.iterator().next();
        if (!signer.getSID().match(new JcaX509CertificateHolder(certificate))) {
            throw new CMSException("another signer");
        }
        var verifier = new JcaSimpleSignerInfoVerifierBuilder().setProvider("BC").build(certificate);
        if (!signer.verify(verifier)) throw new CMSException("the signature is wrong");
        return content != null ? content : (byte[]) signed.getSignedContent().getContent();
    }

    private static byte[] decrypt(byte[] message, String[] task) throws Exception {
        X509Certificate certificate = certificate(task[0]);
        PrivateKey key = key(task[1]);
        boolean isRsa = key.getAlgorithm().equals("RSA");
        var type = ContentInfo.getInstance(message).getContentType();
        if (type.equals(CMSObjectIdentifiers.envelopedData)) {
            var info = recipient(new CMSEnvelopedData(message).getRecipientInfos(), certificate);
            return info.getContent(isRsa
                    ? new JceKeyTransEnvelopedRecipient(key).setProvider("BC")
                    : new JceKeyAgreeEnvelopedRecipient(key).setProvider("BC"));
        }
        var info = recipient(new CMSAuthEnvelopedData(message).getRecipientInfos(), certificate);
        return info.getContent(isRsa
                ? new JceKeyTransAuthEnvelopedRecipient(key).setProvider("BC")
                : new Agreement(key).setProvider("BC"));
    }

    /** The one with either name of the certificate. */
    private static RecipientInformation recipient(
            RecipientInformationStore all, X509Certificate certificate) throws Exception {
        for (RecipientId id : new RecipientId[] {
            new JceKeyTransRecipientId(certificate),
            new JceKeyAgreeRecipientId(certificate),
            new KeyAgreeRecipientId(keyId(certificate)),
        }) {
            RecipientInformation found = all.get(id);
            if (found != null) return found;
        }
        throw new CMSException("no such recipient");
    }

    /** Key agreement and GCM, which the library has apart but not together. */
    private static final class Agreement extends JceKeyAgreeRecipient {
        Agreement(PrivateKey key) {
            super(key);
        }

        @Override
        public RecipientOperator getRecipientOperator(
                AlgorithmIdentifier keyAlgorithm,
                AlgorithmIdentifier contentAlgorithm,
                SubjectPublicKeyInfo sender,
                ASN1OctetString ukm,
                byte[] encryptedKey)
                throws CMSException {
            var key = extractSecretKey(keyAlgorithm, contentAlgorithm, sender, ukm, encryptedKey);
            return new RecipientOperator(new Gcm(key, contentAlgorithm));
        }
    }

    private static final class Gcm implements InputAEADDecryptor {
        private final AlgorithmIdentifier algorithm;
        private final Cipher cipher;

        Gcm(Key key, AlgorithmIdentifier algorithm) throws CMSException {
            this.algorithm = algorithm;
            try {
                var parameters = GCMParameters.getInstance(algorithm.getParameters());
                cipher = Cipher.getInstance("AES/GCM/NoPadding", "BC");
                cipher.init(Cipher.DECRYPT_MODE, key, new GCMParameterSpec(
                        8 * parameters.getIcvLen(), parameters.getNonce()));
            } catch (GeneralSecurityException thrown) {
                throw new CMSException("no GCM", thrown);
            }
        }

        @Override
        public AlgorithmIdentifier getAlgorithmIdentifier() {
            return algorithm;
        }

        @Override
        public InputStream getInputStream(InputStream encrypted) {
            return new org.bouncycastle.jcajce.io.CipherInputStream(encrypted, cipher);
        }

        @Override
        public OutputStream getAADStream() {
            return new OutputStream() {
                @Override
                public void write(int octet) {
                    cipher.updateAAD(new byte[] {(byte) octet});
                }
            };
        }

        @Override
        public byte[] getMAC() {
            // The tag stands behind the ciphertext, and the cipher has checked it.
            return new byte[0];
        }
    }

    private static byte[] expand(byte[] message) throws Exception {
        return new CMSCompressedData(message).getContent(new ZlibExpanderProvider());
    }

    private interface Opening {
        OutputStream open(OutputStream sink) throws Exception;
    }

    private static byte[] written(byte[] content, Opening opening) throws Exception {
        var sink = new ByteArrayOutputStream();
        try (OutputStream stream = opening.open(sink)) {
            stream.write(content);
        }
        return sink.toByteArray();
    }

    private static byte[] keyId(X509Certificate certificate) throws Exception {
        var holder = new X509CertificateHolder(certificate.getEncoded());
        return SubjectKeyIdentifier.fromExtensions(holder.getExtensions()).getKeyIdentifier();
    }

    /** An algorithm, by its name in CMSAlgorithm. */
    private static ASN1ObjectIdentifier field(String name) throws Exception {
        return switch (name) {
            // RFC 8418 2.2, which the library has no names for.
            case "HKDF_SHA256" -> PKCSObjectIdentifiers.id_alg.branch("19");
            case "HKDF_SHA384" -> PKCSObjectIdentifiers.id_alg.branch("20");
            case "HKDF_SHA512" -> PKCSObjectIdentifiers.id_alg.branch("21");
            default -> (ASN1ObjectIdentifier) CMSAlgorithm.class.getField(name).get(null);
        };
    }

    private static X509Certificate certificate(String file) throws Exception {
        X509Certificate known = CERTIFICATES.get(file);
        if (known == null) {
            var factory = CertificateFactory.getInstance("X.509", "BC");
            var pem = new ByteArrayInputStream(Files.readAllBytes(Path.of(file)));
            known = (X509Certificate) factory.generateCertificate(pem);
            CERTIFICATES.put(file, known);
        }
        return known;
    }

    private static PrivateKey key(String file) throws Exception {
        PrivateKey known = KEYS.get(file);
        if (known == null) {
            var parser = new PEMParser(new StringReader(Files.readString(Path.of(file))));
            var pkcs8 = (PrivateKeyInfo) parser.readObject();
            known = new JcaPEMKeyConverter().setProvider("BC").getPrivateKey(pkcs8);
            KEYS.put(file, known);
        }
        return known;
    }
}
